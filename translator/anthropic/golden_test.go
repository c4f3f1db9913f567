package anthropic

import (
	"flag"
	"testing"
	"time"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

var update = flag.Bool("update", false, "write the expectations of testdata again")

// golden is one case of testdata.
type golden struct {
	*goldentest.Case

	settings settings
}

type settings struct {
	Translation   string            `json:"translation"`
	DefaultModel  string            `json:"default_model"`
	ModelFamilies map[string]string `json:"model_families"`
	Headers       map[string]string `json:"headers"`
	Betas         []string          `json:"betas"`
	Pattern       string            `json:"pattern"` // of the route
	// The backend's configuration.
	Models          map[string]string     `json:"models"`
	Guardrail       *translator.Guardrail `json:"guardrail"`
	RequestMetadata map[string]string     `json:"request_metadata"`
}

func goldens(t testing.TB) []*golden {
	t.Helper()
	var all []*golden
	for _, c := range goldentest.Load(t, *update) {
		g := &golden{c, settings{DefaultModel: "us.anthropic.claude-sonnet-4-20250514-v1:0"}}
		c.Settings(t, &g.settings)
		all = append(all, g)
	}
	return all
}

func (g *golden) dialect(t testing.TB) *Dialect {
	t.Helper()
	translation, ok := map[string]converse.Mode{"": converse.Repair, "strict": converse.Strict, "passthrough": converse.Passthrough}[g.settings.Translation]
	if !ok {
		t.Fatalf("unknown translation %q", g.settings.Translation)
	}
	d, err := New(converse.Settings{ModelFamilies: g.settings.ModelFamilies, Mode: translation}, Config{Betas: g.settings.Betas})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (g *golden) decode(t testing.TB) (*translator.Call, error) {
	t.Helper()
	request, ok := g.Section("request.json")
	if !ok {
		request = []byte(`{"max_tokens":99,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"g"}]}`)
	}
	return g.decodeBody(t, request)
}

// decodeBody decodes another body with the settings of the case.
func (g *golden) decodeBody(t testing.TB, body []byte) (*translator.Call, error) {
	t.Helper()
	return g.dialect(t).Decode(translator.Request{
		Pattern:      g.settings.Pattern,
		Header:       func(name string) string { return g.settings.Headers[name] },
		DefaultModel: g.settings.DefaultModel, Body: body,
		Defaults: translator.Defaults{Models: translator.NewAliases(g.settings.Models), Guardrail: g.settings.Guardrail, RequestMetadata: g.settings.RequestMetadata},
	})
}

// facts are the facts of every golden answer.
var facts = translator.Facts{RequestID: "req-1", Start: time.Unix(1_790_000_000, 0), AWSRequestID: "aws-1", Backend: "us", Region: "us-east-1", ModelID: "model-1", Attempts: 1}

func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.Name(), func(t *testing.T) {
			call, err := g.decode(t)
			g.Run(t, goldentest.Decoded{Dialect: g.dialect(t), Call: call, Err: err, Facts: facts})
		})
	}
}
