package responses

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// toolsAndChoice reads the choice first: it may allow only some of the tools. Codex
// declares its tools in an item of the conversation if it knows the model's name.
func (in *input) toolsAndChoice() error {
	allowed, err := in.toolChoice()
	if err != nil {
		return err
	}
	l := &toolList{input: in, allowed: allowed}
	if err := in.Each("tools", l.tool); err != nil {
		return err
	}
	for _, item := range in.added {
		if err := item.Each("tools", l.tool); err != nil {
			return err
		}
	}
	for _, at := range allowed {
		return converse.Refuse(at, converse.FaultAllowedUnknown)
	}
	if l.dropped {
		in.out.Warn("tool_choice", converse.FaultAllowedTools)
	}
	return nil
}

// toolList reads the tools. allowed are the paths of those that may be called, by name,
// and have not come yet; nil allows all.
type toolList struct {
	*input

	allowed map[string]string
	dropped bool
}

// allows reports whether the tool of that name may be called.
func (l *toolList) allows(name converse.Field) bool {
	if l.allowed == nil || rawjson.Kind(name.Value) != '"' {
		return true
	}
	text := rawjson.Text(name.Value)
	if _, ok := l.allowed[text]; !ok {
		l.dropped = true
		return false
	}
	delete(l.allowed, text)
	return true
}

// tool reads a tool of any type. Those that OpenAI runs are left out: Codex declares a web
// search in every request.
func (l *toolList) tool(t converse.Object) error {
	kind := rawjson.Text(t.Get("type"))
	if only, ok := t.Members.Only(); ok && kind == "" && rawjson.Kind(only.Value) == '{' {
		l.tools++
		return l.out.AddTool(t.At, only)
	}
	switch kind {
	case "function", "custom":
		return l.callable(t, kind, &namespace{})
	case "namespace":
		return l.namespace(t)
	case "":
		return converse.Refuse(t.Field("type").At, converse.FaultToolType)
	}
	l.out.Warn(t.At, converse.FaultHostedTool)
	return nil
}

// namespace reads tools with a name in common, which becomes the first part of theirs.
func (l *toolList) namespace(t converse.Object) error {
	l.out.WarnUnknown(t, "type", "name", "description", "tools")
	ns, err := readNamespace(t)
	if err != nil {
		return err
	}
	return t.Each("tools", func(tool converse.Object) error {
		kind := "function"
		if rawjson.IsText(tool.Get("type"), "custom") {
			kind = "custom"
		}
		return l.callable(tool, kind, ns)
	})
}

// callable adds a function, or a custom tool.
func (l *toolList) callable(t converse.Object, kind string, ns *namespace) error {
	l.out.WarnUnknown(t, "type", "name", "description", "parameters", "strict", "format", "defer_loading", "allowed_callers", "async", "output_schema", "cache_control")
	name := qualified(ns.name, t.Field("name"))
	if !l.allows(name) {
		return nil
	}
	l.tools++
	if schema := t.Field("output_schema"); !rawjson.Absent(schema.Value) {
		l.out.Warn(schema.At, converse.FaultNotSent)
	}
	l.names.add(ns, t.Field("name"), kind == "custom")
	description := ns.describe(t.Field("description"))
	var err error
	if kind == "custom" {
		err = openaiapi.AddCustomTool(l.out, openaiapi.CustomTool{At: t.At, Name: name, Description: description, Format: t.Field("format")})
	} else {
		err = l.out.AddToolSpec(converse.ToolSpec{
			At: t.At, Name: name, Description: description, Schema: t.Field("parameters"), Strict: t.Field("strict"),
		})
	}
	if err != nil {
		return err
	}
	return l.out.MarkTool(t.Field("cache_control"))
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
	choice := converse.Object{At: f.At, Members: rawjson.Members(f.Value)}
	switch rawjson.Text(choice.Get("type")) {
	case "function", "custom":
		in.out.WarnUnknown(choice, "type", "name", "namespace")
		return nil, in.out.ChooseTool(qualified(choice.Field("namespace"), choice.Field("name")))
	case "allowed_tools":
		return in.allowedTools(choice)
	case "":
		return nil, in.out.ChooseValue(f)
	}
	return nil, converse.Refuse(choice.Field("type").At, converse.FaultServerTool)
}

func (in *input) allowedTools(choice converse.Object) (map[string]string, error) {
	in.out.WarnUnknown(choice, "type", "mode", "tools")
	allowed := map[string]string{}
	err := choice.Each("tools", func(t converse.Object) error {
		name := qualified(t.Field("namespace"), t.Field("name"))
		if rawjson.Kind(name.Value) == '"' { // tools that OpenAI runs have no name
			allowed[rawjson.Text(name.Value)] = t.At
		}
		return nil
	})
	in.shared.ChooseAllowed(choice.Field("mode"), len(allowed), choice.At)
	return allowed, err
}
