package bedrock

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestCannotConnect(t *testing.T) {
	bedrocktest.Isolate(t)
	again := failure{503, translator.KindConnection, true, time.Second, ""}
	never := failure{503, translator.KindConnection, false, 0, ""}
	hangUp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}))
	defer hangUp.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	for name, c := range map[string]struct {
		url  string
		want failure
	}{
		"nobody listens": {"http://127.0.0.1:1", again},
		"no such host":   {"http://bedrock.invalid", never},
		"reset":          {hangUp.URL, again},
		"not trusted":    {untrusted.URL, never},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestBackend(t, Config{}, c.url)
			_, _, whole := b.Converse(t.Context(), call("m", `{}`), caller)
			_, facts, streamed := b.ConverseStream(t.Context(), call("m", `{}`), caller)
			for _, err := range []error{whole, streamed} {
				e := asError(t, err)
				if outline(e) != c.want || !cmp.Equal(e.Facts, facts, ignoreTrail) || facts.Attempts != 1 {
					t.Errorf("got %+v with %+v, want %+v with %+v after 1 attempt", outline(e), e.Facts, c.want, facts)
				}
				if strings.Contains(e.Error()+e.Hint, "127.0.0.1") || strings.Contains(e.Error()+e.Hint, ".invalid") {
					t.Errorf("the message names the endpoint: %v", e)
				}
			}
		})
	}
}

// Calls use HTTP/2 where the server offers it.
func TestHTTP2(t *testing.T) {
	bedrocktest.Isolate(t)
	var proto, agent string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		proto, agent = r.Proto, r.UserAgent()
		if strings.HasSuffix(r.URL.Path, "-stream") {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")...)
			return
		}
		_, _ = io.WriteString(w, "{}")
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	bs, err := New(t.Context(), Config{AppID: "bedrock-extproc/1.2", Backends: []BackendConfig{{Name: "here", EndpointURL: server.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	trust(bs, server)
	b, err := bs.Lookup("here")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Converse(t.Context(), call("m", `{}`), caller); err != nil || proto != "HTTP/2.0" {
		t.Errorf("whole: %s, %v", proto, err)
	}
	if !strings.Contains(agent, " bedrock-extproc/1.2") {
		t.Errorf("User-Agent %q", agent)
	}
	proto = ""
	events, _, err := collect(t.Context(), b, call("m", `{}`), caller)
	if err != nil || proto != "HTTP/2.0" || len(events) != 5 {
		t.Errorf("streamed: %s, %v, %v", proto, events, err)
	}
}

func TestEndpointOfTheEnvironment(t *testing.T) {
	bedrocktest.Isolate(t)
	here := bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{"path":"`+r.URL.Path+`"}`) })
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
			t.Setenv(name, here+"/base")
			t.Setenv("AWS_REGION", "eu-north-1")
			bs, err := New(t.Context(), Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer bs.CloseIdleConnections()
			b, err := bs.Lookup("default")
			if err != nil {
				t.Fatal(err)
			}
			raw, facts, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
			if err != nil || string(raw) != `{"path":"/base/model/m/converse"}` || facts.Region != "eu-north-1" {
				t.Errorf("%s, %+v, %v", raw, facts, err)
			}
		})
	}
}

// trust makes the backends accept the certificate of a test's server.
func trust(bs *Backends, server *httptest.Server) {
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	bs.transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
}
