package openai

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// reasoningMembers are the members of an assistant's message that carry its reasoning.
// OpenAI has none; these are those of LiteLLM and Envoy AI Gateway, OpenRouter,
// DeepSeek, and servers of gpt-oss.
var reasoningMembers = []string{"thinking_blocks", "reasoning_details", "reasoning_content", "reasoning"}

// reasoning reads the first of these members that has something in it: those with
// signatures come first.
func (in *input) reasoning(m converse.Object) ([]converse.Block, error) {
	for _, name := range reasoningMembers {
		if openaiapi.IsDefault(m.Get(name)) {
			continue
		}
		f := m.Field(name)
		switch {
		case rawjson.Kind(f.Value) == '"':
			return in.out.Thought(converse.Thought{At: f.At, Text: f})
		case rawjson.Kind(f.Value) == '[':
			var thoughts []converse.Block
			err := m.Each(name, func(p converse.Object) error {
				thought, err := in.thought(p)
				thoughts = append(thoughts, thought...)
				return err
			})
			return thoughts, err
		default:
			return nil, converse.Refuse(f.At, converse.FaultNotString)
		}
	}
	return nil, nil
}

// thought reads one piece of reasoning by its type.
func (in *input) thought(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "index", "thinking", "text", "summary", "signature", "data", "id", "format", "cache_control")
	t := converse.Thought{At: p.At, Signature: p.Field("signature")}
	switch kind := p.Field("type"); rawjson.Text(kind.Value) {
	case "thinking":
		t.Text = p.Field("thinking")
	case "reasoning.text":
		t.Text = p.Field("text")
	case "reasoning.summary":
		t.Text = p.Field("summary")
	case "redacted_thinking", "reasoning.encrypted":
		t.Redacted = p.Field("data")
	default:
		return nil, converse.Refuse(kind.At, converse.FaultPart)
	}
	thought, err := in.out.Thought(t)
	if err != nil {
		return nil, err
	}
	return in.out.Mark(thought, p.Field("cache_control"))
}
