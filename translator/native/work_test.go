package native

import (
	"maps"
	"testing"

	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// shapes are requests with the backend's policy, and answers of Bedrock.
func shapes(t *testing.T) map[string]worktest.Shape {
	t.Helper()
	d, err := New(converse.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]worktest.Shape{}
	for name, defaults := range map[string]translator.Defaults{
		"":             {},
		", guarded":    {Guardrail: &translator.Guardrail{ID: "g", Version: "1", Enforced: true}},
		", attributed": {RequestMetadata: map[string]string{"k1": "v"}},
	} {
		for shape, work := range workTexts.Shapes(worktest.Requests(translator.Request{Streaming: true, Defaults: defaults}, d)) {
			all[shape+name] = work
		}
	}
	counted := worktest.Texts{Members: map[string]string{"CountTokens": `{"input":{"converse":{"messages":[]}}…}`}}
	maps.Copy(all, counted.Shapes(worktest.Requests(translator.Request{Pattern: CountTokensPattern}, d)))
	maps.Copy(all, worktest.Answers(func() translator.Encoder { return &call{} }))
	for name, shape := range worktest.Answers(func() translator.Encoder { return &count{} }) {
		all[name+", counted"] = shape
	}
	return all
}

func TestMemoryIsLinear(t *testing.T) { worktest.Memory(t, shapes(t)) }

func TestStepsAreLinear(t *testing.T) { worktest.Steps(t, shapes(t)) }

// asked is a body with one message of that content, and more members of the body.
func asked(content, more string) string {
	return `{"messages":[{"role":"user","content":[` + content + `]}]` + more + `}`
}

// workTexts are requests with one list, object, text or number of a size. Most of a request
// is not read.
var workTexts = worktest.Texts{Members: map[string]string{
	"the body":          asked(`{"text":"hi"}`, "…"),
	"a message":         `{"messages":[{"role":"user","content":[{"text":"hi"}]…}]}`,
	"a block":           asked(`{"text":"hi"…}`, ""),
	"a guardContent":    asked(`{"guardContent":{"text":{"text":"hi"}…}}`, ""),
	"guardrailConfig":   asked(`{"text":"hi"}`, `,"guardrailConfig":{"guardrailIdentifier":"x","guardrailVersion":"1"…}`),
	"requestMetadata":   asked(`{"text":"hi"}`, `,"requestMetadata":{"a":"b"…}`),
	"additional fields": asked(`{"text":"hi"}`, `,"additionalModelRequestFields":{"a":1…}`),
}, Lists: map[string]string{
	"messages":                `{"messages":[…{"role":"user","content":[{"text":"hi"}]}…]}`,
	"blocks":                  asked(`…{"text":"#"}…`, ""),
	"guarded blocks":          asked(`…{"guardContent":{"text":{"text":"#"}}}…`, ""),
	"members messages":        `{…"messages":[{"role":"user","content":[{"guardContent":{}}]}]…}`,
	"members content":         `{"messages":[{"role":"user",…"content":[{"guardContent":{}}]…}]}`,
	"system":                  asked(`{"text":"hi"}`, `,"system":[…{"guardContent":{"text":{"text":"#"}}}…]`),
	"tools":                   asked(`{"text":"hi"}`, `,"toolConfig":{"tools":[…{"toolSpec":{"name":"f#","inputSchema":{"json":{}}}}…]}`),
	"requestMetadata":         asked(`{"text":"hi"}`, `,"requestMetadata":{…"#":"#"…}`),
	"members guardrail":       asked(`{"text":"hi"}`, `,…"guardrailConfig":{"guardrailIdentifier":"x"}…`),
	"members requestMetadata": asked(`{"text":"hi"}`, `,…"requestMetadata":{"a":"b"}…`),
}, Repeats: map[string]string{
	"letters of a text":     asked(`{"text":"…\\\"…"}`, ""),
	"halves of surrogates":  asked(`{"text":"…\ud83d…"}`, ""),
	"letters of a metadata": asked(`{"text":"hi"}`, `,"requestMetadata":{"…a…":"b"}`),
}, Nests: map[string]string{
	"content":        asked(`…[…1…]…`, ""),
	"a guardContent": asked(`{"guardContent":…{"a":…1…}…}`, ""),
}}
