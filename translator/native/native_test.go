package native

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

const model = "us.amazon.nova-lite-v1:0"

func newDialect(t testing.TB) *Dialect {
	t.Helper()
	d, err := New(converse.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// odd is a request that the core would refuse or repair in many ways.
const odd = "{ \"messages\" : [],\n\"a_new_member\":{\"n\":1e400,\"deep\":[1.10, \"\\u0041\\ud800\"]},\"messages\":null,\"toolConfig\":7, \"serviceTier\" : {\"type\":\"auto\"} }"

var guardrail = translator.Guardrail{ID: "gr-1", Version: "2", StreamMode: "async"}

// TestDecode: bytes stay as they are but for the backend's policy.
func TestDecode(t *testing.T) {
	enforced := guardrail
	enforced.Enforced = true
	byDefault, always := translator.Defaults{Guardrail: &guardrail}, translator.Defaults{Guardrail: &enforced}
	tags := translator.Defaults{RequestMetadata: map[string]string{"team": "a", "app": "b"}}
	const whole, streamed = `{"guardrailIdentifier":"gr-1","guardrailVersion":"2"}`, `{"guardrailIdentifier":"gr-1","guardrailVersion":"2","streamProcessingMode":"async"}`
	const own = `{"guardrailConfig": {"guardrailIdentifier":"mine"} , "messages":[ ]}`
	for name, c := range map[string]struct {
		body      string
		streaming bool
		defaults  translator.Defaults
		want      string
		guarded   bool
		warnings  []string
	}{
		"unchanged":                        {odd, false, translator.Defaults{}, odd, false, nil},
		"unchanged, streamed":              {odd, true, translator.Defaults{}, odd, false, nil},
		"empty":                            {"", false, translator.Defaults{}, "{}", false, nil},
		"empty, with policy":               {"", false, tags, `{"requestMetadata":{"app":"b","team":"a"}}`, false, nil},
		"the client's guardrail":           {own, false, translator.Defaults{}, own, true, nil},
		"the client's before the default":  {own, false, byDefault, own, true, nil},
		"the default guardrail":            {`{ "x" : [1, 2] }`, false, byDefault, `{"x":[1, 2],"guardrailConfig":` + whole + `}`, true, nil},
		"the default guardrail, streamed":  {`{"x":1}`, true, byDefault, `{"x":1,"guardrailConfig":` + streamed + `}`, true, nil},
		"null is no guardrail":             {`{"guardrailConfig":null,"x":1}`, false, byDefault, `{"x":1,"guardrailConfig":` + whole + `}`, true, nil},
		"an enforced guardrail":            {own, false, always, `{"messages":[ ],"guardrailConfig":` + whole + `}`, true, []string{"guardrail_replaced"}},
		"an enforced guardrail, none sent": {`{}`, false, always, `{"guardrailConfig":` + whole + `}`, true, nil},
		"an enforced guardrail, sent in every spelling": {
			`{"guardrailConfig":1,"guardrail\u0043onfig":{"guardrailIdentifier":"mine"},"guardrailConfig":null}`, false, always,
			`{"guardrailConfig":` + whole + `}`, true, nil,
		},
		"metadata": {
			`{"requestMetadata":{"team":"mine","k":"v"},"n":1.0}`, false, tags, `{"n":1.0,"requestMetadata":{"team":"a","k":"v","app":"b"}}`, false, nil,
		},
		"metadata, twice": {
			`{"requestMetadata":{"team":"mine"},"requestMetadata":{"te\u0061m":"mine"}}`, false, tags, `{"requestMetadata":{"team":"a","app":"b"}}`, false, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			call, err := newDialect(t).Decode(translator.Request{PathModel: model, Streaming: c.streaming, Body: []byte(c.body), Defaults: c.defaults})
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, w := range call.Warnings {
				codes = append(codes, w.Code)
			}
			if diff := cmp.Diff(c.want, string(call.Body)); diff != "" || call.Guarded != c.guarded || call.Streaming != c.streaming || call.Model != model {
				t.Errorf("%+v (-want +got):\n%s", call, diff)
			}
			if diff := cmp.Diff(c.warnings, codes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	always := translator.Defaults{Guardrail: &translator.Guardrail{ID: "g", Enforced: true}}
	tags := translator.Defaults{RequestMetadata: map[string]string{"team": "a"}}
	for name, c := range map[string]struct {
		model, body string
		defaults    translator.Defaults
		kind        translator.Kind
		path        string
	}{
		"no model":                           {"", "{}", translator.Defaults{}, translator.KindInvalid, "modelId"},
		"an alias of nothing":                {"../converse", "{}", translator.Defaults{}, translator.KindInvalid, "modelId"},
		"dots for a model":                   {"..", "{}", translator.Defaults{}, translator.KindInvalid, "modelId"},
		"not JSON":                           {model, `{"messages":`, translator.Defaults{}, translator.KindMalformed, ""},
		"a list":                             {model, `[]`, translator.Defaults{}, translator.KindMalformed, ""},
		"more behind it":                     {model, `{}{"guardrailConfig":{}}`, always, translator.KindMalformed, ""},
		"guarded content in a message":       {model, `{"messages":[{},{"content":[{"text":"a"},{"guardContent":{}}]}]}`, always, translator.KindInvalid, "messages[1].content[1]"},
		"guarded content in the system":      {model, `{"system":[{"guard\u0043ontent":{}}]}`, always, translator.KindInvalid, "system[0]"},
		"guarded content, hidden by a twin":  {model, `{"system":[{"guardContent":{}}],"system":[]}`, always, translator.KindInvalid, "system[0]"},
		"guarded content, hidden in a twin":  {model, `{"messages":[{"content":[{"guardContent":{}}],"content":[]}]}`, always, translator.KindInvalid, "messages[0].content[0]"},
		"metadata that is not an object":     {model, `{"requestMetadata":[]}`, tags, translator.KindMalformed, "requestMetadata"},
		"metadata with something but a text": {model, `{"requestMetadata":{"a":1}}`, tags, translator.KindMalformed, "requestMetadata.a"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newDialect(t).Decode(translator.Request{PathModel: c.model, Body: []byte(c.body), Defaults: c.defaults})
			if e := translator.AsError(err); e == nil || e.Kind != c.kind || e.Path != c.path {
				t.Errorf("%v", err)
			}
		})
	}
}

// Guarded content is the client's choice where no guardrail is enforced.
func TestGuardContentPasses(t *testing.T) {
	body := `{"messages":[{"content":[{"guardContent":{}}]}]}`
	call, err := newDialect(t).Decode(translator.Request{PathModel: model, Body: []byte(body), Defaults: translator.Defaults{Guardrail: &guardrail}})
	if err != nil || !call.Guarded {
		t.Errorf("%+v, %v", call, err)
	}
}
