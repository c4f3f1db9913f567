package openai

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// toolsAndChoice reads the choice first: it may allow only some of the tools.
func (in *input) toolsAndChoice() error {
	allowed, err := in.toolChoice()
	if err != nil {
		return err
	}
	dropped := false
	err = in.Each("tools", func(t converse.Object) error {
		if allowed != nil {
			name := toolName(t.Members)
			if _, ok := allowed[name]; !ok {
				dropped = true
				return nil
			}
			delete(allowed, name)
		}
		in.tools++
		if err := in.tool(t); err != nil {
			return err
		}
		return in.out.MarkTool(t.Field("cache_control"))
	})
	if err != nil {
		return err
	}
	for _, at := range allowed {
		return converse.Refuse(at, converse.FaultAllowedUnknown)
	}
	if dropped {
		in.out.Warn("tool_choice", converse.FaultAllowedTools)
	}
	return nil
}

// toolName is the name in a tool, or in a reference to one.
func toolName(t rawjson.Object) string {
	for _, kind := range []string{"function", "custom", "toolSpec"} {
		if v := t.Get(kind); rawjson.Kind(v) == '{' {
			return nameIn(rawjson.Members(v))
		}
	}
	return nameIn(t)
}

func nameIn(o rawjson.Object) string {
	if v := o.Get("name"); rawjson.Kind(v) == '"' {
		return rawjson.Text(v)
	}
	return ""
}

// tool reads a function, a custom tool, or a tool in Converse's own form.
func (in *input) tool(t converse.Object) error {
	kind := t.Get("type")
	switch only, ok := t.Members.Only(); {
	case ok && rawjson.Kind(only.Value) == '{' && only.Name != "function" && only.Name != "custom":
		return in.out.AddTool(t.At, only)
	case !rawjson.Absent(t.Get("custom")):
		return in.customTool(t)
	case !rawjson.Absent(kind) && !rawjson.IsText(kind, "function"):
		return converse.Refuse(t.Field("type").At, converse.FaultToolType)
	}
	in.out.WarnUnknown(t, "type", "function", "cache_control")
	function, err := converse.ReadObject(t.Field("function"))
	if err != nil {
		return err
	}
	in.out.WarnUnknown(function, "name", "description", "parameters", "strict", "cache_control")
	err = in.out.AddToolSpec(converse.ToolSpec{
		At: t.At, Name: function.Field("name"), Description: function.Field("description"),
		Schema: function.Field("parameters"), Strict: function.Field("strict"),
	})
	if err != nil {
		return err
	}
	return in.out.MarkTool(function.Field("cache_control"))
}

// customTool reads a custom tool.
func (in *input) customTool(t converse.Object) error {
	in.out.WarnUnknown(t, "type", "custom", "cache_control")
	tool, err := converse.ReadObject(t.Field("custom"))
	if err != nil {
		return err
	}
	in.out.WarnUnknown(tool, "name", "description", "format")
	in.custom[nameIn(tool.Members)] = true
	return openaiapi.AddCustomTool(in.out, openaiapi.CustomTool{
		At: t.At, Name: tool.Field("name"), Description: tool.Field("description"), Format: tool.Field("format"),
	})
}

// toolChoice reads a word or an object. allowed are the paths of the tools that may be
// called, by name; nil allows all.
func (in *input) toolChoice() (allowed map[string]string, err error) {
	f := in.Field("tool_choice")
	switch rawjson.Kind(f.Value) {
	case 0, 'n':
		return nil, nil
	case '"':
		return nil, in.shared.ChooseWord(f)
	case '{':
	default:
		return nil, converse.Refuse(f.At, converse.FaultNotText)
	}
	return in.choiceObject(converse.Object{At: f.At, Members: rawjson.Members(f.Value)}, f)
}

// choiceObject reads a choice of one tool, of some, or one in Converse's own form f. Some
// clients put the word of a choice into an object, too.
func (in *input) choiceObject(choice converse.Object, f converse.Field) (allowed map[string]string, err error) {
	for _, kind := range []string{"function", "custom"} {
		if named := choice.Field(kind); rawjson.Kind(named.Value) == '{' {
			return nil, in.out.ChooseTool(converse.Field{Value: rawjson.Members(named.Value).Get("name"), At: named.At + ".name"})
		}
	}
	kind, err := choice.Text("type")
	switch {
	case err != nil:
		return nil, err
	case kind.Value == nil:
		return nil, in.out.ChooseValue(f)
	}
	switch rawjson.Text(kind.Value) {
	case "allowed_tools":
		return in.allowedTools(choice)
	case "function", "custom", "tool":
		return nil, in.out.ChooseTool(choice.Field("name"))
	case "auto", "required", "any", "none":
		return nil, in.shared.ChooseWord(kind)
	}
	return nil, converse.Refuse(kind.At, converse.FaultToolChoiceType)
}

func (in *input) allowedTools(choice converse.Object) (map[string]string, error) {
	limits, err := converse.ReadObject(choice.Field("allowed_tools"))
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(limits, "mode", "tools")
	allowed := map[string]string{}
	err = limits.Each("tools", func(t converse.Object) error {
		allowed[toolName(t.Members)] = t.At
		return nil
	})
	if err == nil {
		in.shared.ChooseAllowed(limits.Field("mode"), len(allowed), choice.At)
	}
	return allowed, err
}
