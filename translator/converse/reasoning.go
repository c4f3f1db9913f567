package converse

import (
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// reasoning passes reasoning untouched and in place: a signature holds only for
// the very text. What a family cannot take back is left out.
func (r *Request) reasoning(b Block) ([]Block, error) {
	v := rawjson.Members(b.value).Get("reasoningText")
	if rawjson.Absent(v) {
		return []Block{b}, nil // redacted, or of a kind to come
	}
	at := b.At + ".reasoningContent.reasoningText"
	if rawjson.Kind(v) != '{' {
		return nil, Malformed(at, "Input should be an object.")
	}
	text := rawjson.Members(v)
	signature := text.Get("signature")
	signed := !rawjson.Absent(signature) && string(signature) != `""`
	switch {
	case r.family.ReasoningText == "refused":
		return nil, r.reasoningLeftOut(at, "Reasoning in clear text")
	case r.family.ReasoningText == "signed" && !signed:
		return nil, r.reasoningLeftOut(at, "Reasoning without a signature")
	}
	var err error
	changed := text
	if rawjson.Absent(text.Get("text")) {
		changed = changed.Set("text", rawjson.Value(`""`)) // required, even beside a signature
	}
	if len(signature) > 0 && !signed {
		changed = changed.Set("signature", nil)
		err = r.repair(at+".signature", fault{
			"empty_signature_dropped", "An empty signature is refused everywhere.", "The empty signature was left out.", "Leave it out.",
		})
	}
	if &changed[0] != &text[0] {
		b.set("reasoningText", changed.Value())
	}
	return []Block{b}, err
}

func (r *Request) reasoningLeftOut(at, what string) error {
	return r.repair(at, fault{
		"reasoning_dropped", "With " + r.family.Rule() + ", " + strings.ToLower(what[:1]) + what[1:] + " cannot be sent back.",
		what + " was left out, since the model is one of the " + r.family.Rule() + ".", "Send reasoning back as it came, or leave it out.",
	})
}
