package chat

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// reasoning passes reasoning blocks untouched, in place: a signature holds only
// for the very text. Without one, some families refuse the block or let it leak
// into the answer; there it is left out.
func (t *translation) reasoning(b block, value jsontext.Value) ([]block, error) {
	var r struct {
		Text *struct {
			Text      jsontext.Value `json:"text"`
			Signature jsontext.Value `json:"signature"`
		} `json:"reasoningText"`
	}
	if err := json.Unmarshal(value, &r, lenient); err != nil {
		return nil, wrongType(b.at+".reasoningContent", "Input should be an object.")
	}
	signed := r.Text == nil || kindOf(r.Text.Signature) == '"' && unquote(r.Text.Signature) != ""
	if signed || !t.mends() {
		return []block{b}, nil
	}
	at := b.at + ".reasoningContent.reasoningText.signature"
	if t.family.UnsignedReasoning == "drop" {
		return nil, t.repair("unsigned_reasoning_dropped", at,
			"Reasoning without a signature was left out, as "+t.rule()+" ask for.", "Send the signature that came with the reasoning.")
	}
	if kindOf(r.Text.Signature) != '"' {
		return []block{b}, nil
	}
	// An empty signature is worse than none, everywhere.
	b.raw = object("reasoningContent", object("reasoningText", object("text", orEmptyText(r.Text.Text))))
	return []block{b}, t.repair("empty_signature_dropped", at, "An empty signature was left out.", "Leave an empty signature out.")
}

func orEmptyText(v jsontext.Value) jsontext.Value {
	if kindOf(v) == '"' {
		return v
	}
	return jsontext.Value(`""`)
}
