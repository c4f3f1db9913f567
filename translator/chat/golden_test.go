package chat

import (
	"flag"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	goldentest.Settings

	FailedStreams string           `json:"failed_streams"`
	EarlyErrors   string           `json:"early_errors"`
	Stream        bool             `json:"stream"`
	UserAgent     string           `json:"user_agent"`
	Price         translator.Price `json:"price"`
}

// header has the one header that chat reads.
func (s settings) header(name string) string {
	if name == "user-agent" {
		return s.UserAgent
	}
	return ""
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
	failed, ok := map[string]FailedStreams{"": FailedAuto, "event": FailedEvent, "reset": FailedReset, "stop_error": FailedStopError}[g.settings.FailedStreams]
	if !ok {
		t.Fatalf("unknown failed_streams %q", g.settings.FailedStreams)
	}
	early, ok := map[string]EarlyErrors{"": EarlyStatus, "event": EarlyEvent}[g.settings.EarlyErrors]
	if !ok {
		t.Fatalf("unknown early_errors %q", g.settings.EarlyErrors)
	}
	d, err := New(g.settings.Converse(t), Config{FailedStreams: failed, EarlyErrors: early})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (g *golden) decode(t testing.TB) (*translator.Call, error) {
	t.Helper()
	request, ok := g.Section("request.json")
	if !ok {
		request = []byte(`{"messages":[{"role":"user","content":"hi"}]}`)
	}
	req := g.settings.Request(request)
	req.Streaming, req.Header = g.settings.Stream, g.settings.header
	return g.dialect(t).Decode(req)
}

// facts are the facts of every golden answer.
var facts = translator.Facts{RequestID: "req-1", AWSRequestID: "aws-1", Backend: "us", Region: "us-east-1", ModelID: "model-1", Attempts: 1}

func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.Name(), func(t *testing.T) {
			call, err := g.decode(t)
			facts := facts
			facts.Price = g.settings.Price
			g.Run(t, goldentest.Decoded{Dialect: g.dialect(t), Call: call, Err: err, Streaming: g.settings.Stream, Facts: facts})
		})
	}
}

func warningsOf(c *translator.Call) []byte { return converse.EncodeWarnings(c.Warnings) }

// lenient is for reading into Go types: the last of repeated names counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true))
