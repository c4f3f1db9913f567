package anthropic

import (
	"strings"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) readTools() error { return in.Each("tools", in.tool) }

// clientTools and serverTools are the beginnings of the types of Anthropic's own tools,
// which the client or Anthropic runs. A date follows.
var (
	clientTools = []string{"bash_", "text_editor_", "computer_", "memory_"}
	serverTools = []string{"web_search_", "web_fetch_", "code_execution_", "tool_search_tool_", "mcp_toolset", "browser_toolset", "advisor_"}
)

// tool reads a tool of the client, or one in Converse's own form.
func (in *input) tool(t converse.Object) error {
	kind := t.Field("type")
	only, single := t.Members.Only()
	switch {
	case single && rawjson.Kind(only.Value) == '{':
		in.tools++
		return in.out.AddTool(t.At, only)
	case rawjson.Absent(kind.Value), rawjson.IsText(kind.Value, "custom"):
	case begins(kind.Value, clientTools):
		return converse.Refuse(kind.At, converse.FaultClientTool)
	case begins(kind.Value, serverTools):
		return converse.Refuse(kind.At, converse.FaultServerTool)
	default:
		return converse.Refuse(kind.At, converse.FaultToolType)
	}
	if err := in.warnTool(t); err != nil {
		return err
	}
	in.tools++
	err := in.out.AddToolSpec(converse.ToolSpec{
		At: t.At, Name: t.Field("name"), Description: t.Field("description"), Schema: t.Field("input_schema"), Strict: t.Field("strict"),
	})
	if err != nil {
		return err
	}
	return in.out.MarkTool(t.Field("cache_control"))
}

func begins(kind rawjson.Value, with []string) bool {
	if rawjson.Kind(kind) != '"' {
		return false
	}
	text := rawjson.Text(kind)
	for _, prefix := range with {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// warnTool warns of members that Bedrock refuses. A deferred tool is declared at once, and
// input comes as the model writes it anyway.
func (in *input) warnTool(t converse.Object) error {
	in.out.WarnUnknown(t, "type", "name", "description", "input_schema", "cache_control", "strict", "eager_input_streaming", "defer_loading",
		"input_examples", "allowed_callers")
	in.warnNotSent(t.Field("input_examples"))
	callers := t.Field("allowed_callers")
	for i, v := range rawjson.Elements(callers.Value) {
		if !rawjson.IsText(v, "direct") {
			return converse.Refuse(converse.Index(callers.At, i), converse.FaultNotOffered)
		}
	}
	return nil
}

func (in *input) toolChoice() error {
	f := in.Field("tool_choice")
	if rawjson.Absent(f.Value) {
		return nil
	}
	choice, err := converse.ReadObject(f)
	if err != nil {
		return err
	}
	kind := choice.Field("type")
	if rawjson.Absent(kind.Value) {
		return in.out.ChooseValue(f)
	}
	in.out.WarnUnknown(choice, "type", "name", "disable_parallel_tool_use")
	one, err := converse.ReadBoolean(choice.Field("disable_parallel_tool_use"))
	switch {
	case err != nil:
		return err
	case one && in.tools > 0 && !rawjson.IsText(kind.Value, "none"):
		in.out.Warn(choice.Field("disable_parallel_tool_use").At, converse.FaultParallelCalls)
	}
	return in.choose(kind, choice)
}

func (in *input) choose(kind converse.Field, choice converse.Object) error {
	if rawjson.Kind(kind.Value) != '"' {
		return converse.Refuse(kind.At, converse.FaultNotString)
	}
	switch word := rawjson.Text(kind.Value); word {
	case "auto", "any":
		in.out.Choose(word, choice.At)
	case "none":
		in.out.ChooseNone()
	case "tool":
		return in.out.ChooseTool(choice.Field("name"))
	default:
		return converse.Refuse(kind.At, converse.FaultToolChoiceType)
	}
	return nil
}
