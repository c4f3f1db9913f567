package converse

import "bedrock-extproc/translator/rawjson"

// reasoning passes reasoning untouched and in place: a signature holds only for
// the very text. What a family cannot take back is left out.
func (r *Request) reasoning(b Block) ([]Block, error) {
	v := rawjson.Members(b.value).Get("reasoningText")
	if rawjson.Absent(v) {
		return []Block{b}, nil // redacted, or of a kind to come
	}
	at := b.At + ".reasoningContent.reasoningText"
	if rawjson.Kind(v) != '{' {
		return nil, Refuse(at, FaultNotObject)
	}
	text := rawjson.Members(v)
	signature := text.Get("signature")
	signed := !rawjson.Absent(signature) && string(signature) != `""`
	switch {
	case r.family.ReasoningText == "refused":
		return nil, r.repair(at, faultReasoningText.with(values{family: r.family}))
	case r.family.ReasoningText == "signed" && !signed:
		return nil, r.repair(at, faultReasoningUnsigned.with(values{family: r.family}))
	}
	var err error
	changed := text
	if rawjson.Absent(text.Get("text")) {
		changed = changed.Set("text", rawjson.Value(`""`)) // required, even beside a signature
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
