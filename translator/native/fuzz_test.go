package native

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// FuzzDecode: a body passes unchanged without policy. With policy it is JSON whose only
// guardrail is the enforced one.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(odd))
	f.Add([]byte(`{"guardrailConfig":1,"guardrail\u0043onfig":{},"requestMetadata":{"a":"b"}}`))
	f.Add([]byte(`{"messages":[{"content":[{"guardContent":{}}]}],"system":[]}`))
	f.Add([]byte("\uFEFF{}"))
	f.Add([]byte(`{"a":"\ud800"`))
	d := newDialect(f)
	policy := translator.Defaults{Guardrail: &translator.Guardrail{ID: "g", Enforced: true}, RequestMetadata: map[string]string{"team": "a"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		plain, err := d.Decode(translator.Request{PathModel: model, Body: bytes.Clone(body)})
		if err != nil {
			return
		}
		if len(body) > 0 && !bytes.Equal(plain.Body, body) {
			t.Errorf("%q became %q", body, plain.Body)
		}
		call, err := d.Decode(translator.Request{PathModel: model, Body: bytes.Clone(body), Defaults: policy})
		if err != nil {
			return
		}
		if err := rawjson.Check(call.Body); err != nil {
			t.Fatalf("%v: %q", err, call.Body)
		}
		guardrails := 0
		for _, m := range rawjson.Members(call.Body) {
			if m.Name == "guardrailConfig" {
				guardrails++
				if !rawjson.IsText(rawjson.Members(m.Value).Get("guardrailIdentifier"), "g") {
					t.Errorf("guardrail %q", m.Value)
				}
			}
		}
		if guardrails != 1 {
			t.Errorf("%d guardrails in %q", guardrails, call.Body)
		}
	})
}

// FuzzAppendEvent: every event that passes is one frame with the payload as it came.
func FuzzAppendEvent(f *testing.F) {
	f.Add("contentBlockDelta", []byte(`{"contentBlockIndex":0,"delta":{"text":"a"},"p":"ab"}`))
	f.Add("messageStop", []byte(`{"stopReason":"end_turn"}`))
	f.Add("metadata", []byte(`{"usage":{"inputTokens":1}}`))
	f.Add("k", []byte(`[]`))
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		out, err := new(call).NewStream(facts).AppendEvent(nil, translator.Event{Kind: kind, Payload: payload})
		if err != nil {
			if len(out) > 0 {
				t.Errorf("%v, and %q", err, out)
			}
			return
		}
		if got := frames(t, out); len(got) != 1 || got[0].eventType != kind || got[0].payload != string(payload) {
			t.Errorf("%+v", got)
		}
		if jsontext.Value(payload).Kind() != '{' {
			t.Errorf("passed: %q", payload)
		}
	})
}
