package openai

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) messages() error {
	if f := in.Field("messages"); rawjson.Absent(f.Value) {
		return converse.Refuse(f.At, converse.FaultNoMessages)
	}
	return in.Each("messages", in.message)
}

func (in *input) message(m converse.Object) error {
	role := ""
	if v := m.Get("role"); rawjson.Kind(v) == '"' {
		role = rawjson.Text(v)
	}
	switch role {
	case "system", "developer":
		if in.talked {
			in.out.Warn(m.At, converse.FaultSystemMoved)
		}
		return in.plain("system", m)
	case "user":
		in.talked = true
		return in.plain(role, m)
	case "assistant":
		in.talked = true
		return in.assistant(m)
	case "tool":
		in.talked = true
		return in.result(m)
	case "function":
		return converse.Refuse(m.Field("role").At, converse.FaultFunctionCall)
	}
	return converse.Refuse(m.Field("role").At, converse.FaultRole)
}

// plain adds a message that has only content.
func (in *input) plain(role string, m converse.Object) error {
	in.out.WarnUnknown(m, "role", "content", "name", "cache_control")
	in.warnName(m)
	blocks, err := in.content(m.Field("content"))
	if err != nil {
		return err
	}
	if blocks, err = in.out.TextBesideDocuments(blocks); err != nil {
		return err
	}
	return in.addTurn(role, blocks, m)
}

// addTurn adds the blocks of a message, with the cache point that it asks for.
func (in *input) addTurn(role string, blocks []converse.Block, m converse.Object) error {
	blocks, err := openaiapi.Marked(in.out, blocks, m)
	if err != nil {
		return err
	}
	return in.out.AddTurn(role, blocks, m.At)
}

// warnName warns of the name of the speaker.
func (in *input) warnName(m converse.Object) {
	if !rawjson.Absent(m.Get("name")) {
		in.out.Warn(m.Field("name").At, converse.FaultNotSent)
	}
}

// assistantMembers are those of an assistant's message. annotations are ours, and parsed
// is the SDK's, which sends an answer back as it has read it.
var assistantMembers = slices.Concat([]string{
	"role", "content", "name", "cache_control", "tool_calls", "refusal", "function_call", "audio", "annotations", "parsed",
}, reasoningMembers)

// assistant adds a turn in the order in which models write: reasoning, text, calls. Blocks
// of an earlier answer in the content have the reasoning and the calls in their places, and
// a client that sends them back may repeat both in OpenAI's members.
func (in *input) assistant(m converse.Object) error {
	in.out.WarnUnknown(m, assistantMembers...)
	in.warnName(m)
	switch {
	case !rawjson.Absent(m.Get("function_call")):
		return converse.Refuse(m.Field("function_call").At, converse.FaultFunctionCall)
	case !rawjson.Absent(m.Get("audio")):
		return converse.Refuse(m.Field("audio").At, converse.FaultAudioID)
	}
	answer, err := in.answer(m)
	if err != nil {
		return err
	}
	var turn []converse.Block
	if !slices.ContainsFunc(answer, func(b converse.Block) bool { return b.Kind == "reasoningContent" }) {
		if turn, err = in.reasoning(m); err != nil {
			return err
		}
	}
	calls, err := in.calls(m)
	if err != nil {
		return err
	}
	return in.addTurn("assistant", slices.Concat(turn, converse.WithCalls(answer, calls)), m)
}

// answer reads the text of an assistant's message, and the refusal that OpenAI's models
// send instead.
func (in *input) answer(m converse.Object) ([]converse.Block, error) {
	blocks, err := in.content(m.Field("content"))
	if err != nil || rawjson.Absent(m.Get("refusal")) {
		return blocks, err
	}
	refusal, err := in.out.Text(m.Field("refusal"))
	return append(blocks, refusal...), err
}

func (in *input) calls(m converse.Object) (calls []converse.Block, err error) {
	if rawjson.Absent(m.Get("tool_calls")) {
		return nil, nil
	}
	err = m.Each("tool_calls", func(c converse.Object) error {
		use, err := in.toolUse(c)
		if err != nil {
			return err
		}
		block, err := in.out.ToolUse(use)
		if err != nil {
			return err
		}
		marked, err := openaiapi.Marked(in.out, []converse.Block{block}, c)
		calls = append(calls, marked...)
		return err
	})
	return calls, err
}

// toolUse reads a call of a function, or of a custom tool, whose input is text.
func (in *input) toolUse(c converse.Object) (converse.ToolUse, error) {
	in.out.WarnUnknown(c, "id", "type", "index", "function", "custom", "cache_control")
	kind, input := "function", "arguments"
	if rawjson.Absent(c.Get(kind)) {
		if rawjson.Absent(c.Get("custom")) {
			return converse.ToolUse{}, converse.Refuse(c.Field("type").At, converse.FaultToolCallType)
		}
		kind, input = "custom", "input"
	}
	called, err := converse.ReadObject(c.Field(kind))
	if err != nil {
		return converse.ToolUse{}, err
	}
	in.out.WarnUnknown(called, "name", input, "parsed_arguments")
	use := converse.ToolUse{At: c.At, ID: c.Field("id"), Name: called.Field("name"), Input: called.Field(input)}
	if kind == "custom" {
		use.Input, err = openaiapi.CustomInput(use.Input)
	}
	return use, err
}

// result adds the result of a tool call. Its content is text or parts.
func (in *input) result(m converse.Object) error {
	in.out.WarnUnknown(m, "role", "tool_call_id", "content", "name", "cache_control")
	result := converse.ToolResult{At: m.At, ID: m.Field("tool_call_id"), Content: m.Field("content")}
	var err error
	if result.Blocks, err = in.out.ResultParts(result.Content, in.part); err != nil {
		return err
	}
	blocks, err := in.out.ToolResult(result)
	if err != nil {
		return err
	}
	return in.addTurn("user", blocks, m)
}
