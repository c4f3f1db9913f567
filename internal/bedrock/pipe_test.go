package bedrock

import (
	"net/http"
	"testing"

	"bedrock-extproc/tests/bedrocktest"
)

// overPipes returns a backend whose Bedrock is h; see [bedrocktest.PipeTransport].
func overPipes(t testing.TB, h http.HandlerFunc) (b *Backend, p *bedrocktest.Pipes, stop func()) {
	t.Helper()
	transport, p, stop := bedrocktest.PipeTransport(h)
	return newTestBackend(t, Config{RoundTripper: transport}, "http://bedrock.test"), p, stop
}

// pairOverPipes is overPipes for two backends, a at http://a.test and its fallback b
// at http://b.test.
func pairOverPipes(t testing.TB, cfg Config, h http.HandlerFunc) (a, b *Backend, stop func()) {
	t.Helper()
	cfg.RoundTripper, _, stop = bedrocktest.PipeTransport(h)
	if cfg.Backends == nil {
		cfg.Backends = []BackendConfig{{}, {}}
	}
	cfg.Backends[0].Name, cfg.Backends[0].Region, cfg.Backends[0].EndpointURL = "a", "us-west-2", "http://a.test"
	cfg.Backends[1].Name, cfg.Backends[1].Region, cfg.Backends[1].EndpointURL = "b", "eu-west-1", "http://b.test"
	cfg.Backends[0].Fallback = []string{"b"}
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return bs.byName["a"], bs.byName["b"], stop
}
