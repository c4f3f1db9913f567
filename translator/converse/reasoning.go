package converse

import "bedrock-extproc/translator/rawjson"

// A Thought is reasoning in a dialect's own form: a text with a signature, or Redacted.
type Thought struct {
	At string
	// Redacted is base64, as it stands in redactedContent.
	Text, Signature, Redacted Field
}

// Thought makes the block of a thought, or none if the family does not accept it back.
func (r *Request) Thought(t Thought) ([]Block, error) {
	if err := r.count(t.At); err != nil {
		return nil, err
	}
	for _, f := range []*Field{&t.Text, &t.Signature, &t.Redacted} {
		var err error
		if *f, err = text(*f); err != nil {
			return nil, err
		}
	}
	b := Block{Kind: "reasoningContent", At: t.At}
	if t.Redacted.Value != nil {
		b.value = rawjson.Wrap("redactedContent", t.Redacted.Value)
		return []Block{b}, nil
	}
	b.value = rawjson.Wrap("reasoningText", rawjson.Object{{Name: "text", Value: t.Text.Value}, {Name: "signature", Value: t.Signature.Value}}.Value())
	if r.passes() {
		return []Block{b}, nil
	}
	return r.reasoningAt(b, t.At)
}

// Reasoning makes the block of a reasoningContent in Converse's own form, or none if the
// family does not accept it back.
func (r *Request) Reasoning(content Field) ([]Block, error) {
	if err := r.count(content.At); err != nil {
		return nil, err
	}
	b := Block{Kind: "reasoningContent", At: content.At, value: content.Value}
	if r.passes() {
		return []Block{b}, nil
	}
	b.value = rawjson.WithoutHalves(b.value)
	return r.reasoningAt(b, content.At)
}

// reasoning checks and repairs a block in Converse's own form.
func (r *Request) reasoning(b Block) ([]Block, error) {
	return r.reasoningAt(b, b.At+".reasoningContent.reasoningText")
}

// reasoningAt leaves reasoning unchanged and in order, since a signature covers the exact
// text. It drops reasoning that the family does not accept back. at is the path of the
// text and the signature.
func (r *Request) reasoningAt(b Block, at string) ([]Block, error) {
	v := rawjson.Members(b.value).Get("reasoningText")
	if rawjson.Absent(v) {
		return []Block{b}, nil // redacted, or an unknown kind
	}
	if rawjson.Kind(v) != '{' {
		return nil, Refuse(at, FaultNotObject)
	}
	text := rawjson.Members(v)
	signature := text.Get("signature")
	signed := !rawjson.Absent(signature) && string(signature) != `""`
	switch {
	case r.family.ReasoningText.Value == "refused":
		return nil, r.repair(at, faultReasoningText.with(values{family: r.family, evidence: r.family.ReasoningText.Evidence}))
	case r.family.ReasoningText.Value == "signed" && !signed:
		return nil, r.repair(at, faultReasoningUnsigned.with(values{family: r.family, evidence: r.family.ReasoningText.Evidence}))
	}
	var err error
	changed := text
	if rawjson.Absent(text.Get("text")) {
		changed = changed.Set("text", rawjson.Value(`""`)) // required, also with a signature
	}
	if len(signature) > 0 && !signed {
		changed = changed.Set("signature", nil)
		err = r.repair(at+".signature", faultEmptySignature)
	}
	if &changed[0] != &text[0] {
		b.set("reasoningText", changed.Value())
	}
	return []Block{b}, err
}
