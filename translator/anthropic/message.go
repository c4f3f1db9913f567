package anthropic

import (
	"strings"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// billingLine begins a text that Claude Code puts first. Bedrock refuses it as a reserved
// keyword, and a part of it that changes would miss the prompt cache in every call.
const billingLine = "x-anthropic-billing-header:"

// system reads text or a list of text blocks.
func (in *input) system() error {
	f := in.Field("system")
	switch rawjson.Kind(f.Value) {
	case 0, 'n', '[', '"':
	default:
		return converse.Refuse(f.At, converse.FaultNotSystem)
	}
	blocks, err := in.systemContent(f)
	if err != nil {
		return err
	}
	return in.out.AddSystem(blocks)
}

// systemContent reads the content of the system prompt or of a system message.
func (in *input) systemContent(f converse.Field) ([]converse.Block, error) {
	if rawjson.Kind(f.Value) == '"' {
		f.Value = withoutBilling(f.Value)
	}
	return in.out.Content(f, in.systemPart)
}

// withoutBilling removes the billing line at the start of a text.
func withoutBilling(v rawjson.Value) rawjson.Value {
	text := rawjson.Text(v)
	if !strings.HasPrefix(text, billingLine) {
		return v
	}
	_, rest, _ := strings.Cut(text, "\n")
	return rawjson.Quote(rest)
}

func (in *input) systemPart(p converse.Object) ([]converse.Block, error) {
	f := p.Field("text")
	if rawjson.Kind(f.Value) == '"' {
		given := f.Value
		if f.Value = withoutBilling(given); string(f.Value) == `""` && len(given) > 2 {
			return nil, nil
		}
	}
	if kind := p.Field("type"); !rawjson.IsText(kind.Value, "text") {
		return nil, converse.Refuse(kind.At, converse.FaultBlockType)
	}
	in.out.WarnUnknown(p, "type", "text", "cache_control", "citations")
	blocks, err := in.out.Text(f)
	if err != nil {
		return nil, err
	}
	return in.out.Mark(blocks, p.Field("cache_control"))
}

func (in *input) messages() error {
	list := in.Field("messages")
	if rawjson.Absent(list.Value) {
		return converse.Refuse(list.At, converse.FaultNoMessages)
	}
	if err := in.Each("messages", in.message); err != nil {
		return err
	}
	return in.out.MarkEnd(in.Field("cache_control"))
}

func (in *input) message(m converse.Object) error {
	f := m.Field("role")
	role := ""
	if rawjson.Kind(f.Value) == '"' {
		role = rawjson.Text(f.Value)
	}
	if role != "user" && role != "assistant" && role != "system" {
		return converse.Refuse(f.At, converse.FaultRole)
	}
	in.out.WarnUnknown(m, "role", "content")
	if role == "system" {
		return in.systemMessage(m)
	}
	in.talked = true
	blocks, err := in.content(m.Field("content"))
	if err != nil {
		return err
	}
	if blocks, err = in.out.TextBesideDocuments(blocks); err != nil {
		return err
	}
	return in.out.AddTurn(role, blocks, m.At)
}

// systemMessage reads a system message among the others. Behind the first of them it
// becomes a note in a user turn, as Claude Code writes such notes: the system prompt
// must not change, so that the prompt cache is not missed.
func (in *input) systemMessage(m converse.Object) error {
	blocks, err := in.systemContent(m.Field("content"))
	if err != nil {
		return err
	}
	if !in.talked {
		return in.out.AddSystem(blocks)
	}
	if len(blocks) == 0 {
		return nil
	}
	in.out.Warn(m.At, converse.FaultSystemNote)
	turn := []converse.Block{converse.TextBlock("<system-reminder>", m.At)}
	turn = append(append(turn, blocks...), converse.TextBlock("</system-reminder>", m.At))
	return in.out.AddTurn("user", turn, m.At)
}
