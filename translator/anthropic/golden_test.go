package anthropic

import (
	"flag"
	"testing"
	"time"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
)

var update = flag.Bool("update", false, "write the expectations of testdata again")

// golden is one case of testdata.
type golden struct {
	*goldentest.Case

	settings settings
}

type settings struct {
	goldentest.Settings

	Headers map[string]string `json:"headers"`
	Betas   []string          `json:"betas"`
	Pattern string            `json:"pattern"` // of the route
}

func goldens(t testing.TB) []*golden {
	t.Helper()
	var all []*golden
	for _, c := range goldentest.Load(t, *update) {
		g := &golden{c, settings{Settings: goldentest.NewSettings()}}
		c.Settings(t, &g.settings)
		all = append(all, g)
	}
	return all
}

func (g *golden) dialect(t testing.TB) *Dialect {
	t.Helper()
	d, err := New(g.settings.Converse(t), Config{Betas: g.settings.Betas})
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
	req := g.settings.Request(body)
	req.Pattern, req.Header = g.settings.Pattern, func(name string) string { return g.settings.Headers[name] }
	return g.dialect(t).Decode(req)
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
