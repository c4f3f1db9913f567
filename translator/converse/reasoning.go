package converse

import "bedrock-extproc/translator/rawjson"

// reasoning leaves reasoning unchanged and in order, since a signature covers the exact
// text. It drops reasoning that the family does not accept back.
func (r *Request) reasoning(b Block) ([]Block, error) {
	v := rawjson.Members(b.value).Get("reasoningText")
	if rawjson.Absent(v) {
		return []Block{b}, nil // redacted, or an unknown kind
	}
	at := b.At + ".reasoningContent.reasoningText"
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
