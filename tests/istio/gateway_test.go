package istio

import (
	"bufio"
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"bedrock-extproc/tests/envoytest"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// gatewayMesh is the running gateway example: the gateway's Envoy, bedrock-extproc, and
// its Envoy, with mTLS between the Envoys.
type gatewayMesh struct {
	extProc *extProc
	envoy   *envoytest.Envoy
	issuer  issuer
	mesh    *authority
	public  *authority
	pod     string // host:port of bedrock-extproc in the mesh
}

func startGateway(t *testing.T) *gatewayMesh {
	t.Helper()
	e := load(t, "gateway")
	m := &gatewayMesh{extProc: startExtProc(t, e), issuer: newIssuer(t), mesh: newAuthority(t), public: newAuthority(t)}
	m.issuer.trust(t, e)
	plane := startPilot(t, e)
	m.pod = plane.pod + ":9002"
	envoytest.Start(t, m.pod, lone{
		generated: plane.sidecar(e), listener: "virtualInbound", address: tcp(t, m.pod),
		move:    map[string]*corev3.Address{inboundCluster: m.extProc.address()},
		secrets: []*tlsv3.Secret{m.mesh.roots(), secret(t, "default", m.mesh.workload(t, "bedrock", "bedrock-extproc"))},
	}.edit(t))
	m.envoy = envoytest.Start(t, m.pod, lone{
		generated: plane.gateway(), listener: gatewayListener, address: tcp(t, "127.0.0.1:0"),
		secrets: []*tlsv3.Secret{
			m.mesh.roots(), secret(t, "default", m.mesh.workload(t, "istio-ingress", "istio-ingressgateway")),
			secret(t, "kubernetes://llm-example-com", m.public.host(t, "llm.example.com")),
		},
	}.edit(t))
	return m
}

const gatewayURL = "https://llm.example.com"

// client returns a client outside the mesh.
func (m *gatewayMesh) client(t *testing.T, protocols ...string) *http.Client {
	t.Helper()
	cfg := &tls.Config{RootCAs: m.public.pool(), MinVersion: tls.VersionTLS12, NextProtos: protocols}
	return client(t, strings.TrimPrefix(m.envoy.URL, "http://"), cfg)
}

func (m *gatewayMesh) do(t *testing.T, c call) answer {
	t.Helper()
	if c.http1 {
		return c.do(t, m.client(t, "http/1.1"), gatewayURL)
	}
	return c.do(t, m.client(t), gatewayURL)
}

func TestGateway(t *testing.T) {
	m := startGateway(t)
	token := m.issuer.token(t, "ann", "search", "llm-users")

	t.Run("answered", func(t *testing.T) {
		m.do(t, call{token: token}).want(t, http.StatusOK, "2 + 2 = 4.")
		if diff := cmp.Diff(map[string]string{"user": "ann", "team": "search"}, m.extProc.requestMetadata(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("streamed", func(t *testing.T) {
		got := m.do(t, call{url: stream, token: token})
		got.want(t, http.StatusOK, `"type":"message_stop"`)
		if kind := got.header.Get("Content-Type"); kind != "text/event-stream" {
			t.Errorf("content type %q", kind)
		}
	})
	t.Run("streamed as it comes", m.testStream)
	t.Run("a claim decides which models", func(t *testing.T) {
		claude := `{"model": "us.anthropic.claude-sonnet-4-20250514-v1:0", ` + question[1:]
		m.do(t, call{token: token, body: claude}).want(t, http.StatusOK, "2 + 2 = 4.")
		other := m.issuer.token(t, "bob", "support", "llm-users")
		m.do(t, call{token: other, body: claude}).want(t, http.StatusForbidden, "not_permitted")
	})
	t.Run("headers are not believed", func(t *testing.T) {
		m.do(t, call{token: token, headers: map[string]string{
			"X-Forwarded-Client-Cert": "URI=spiffe://cluster.local/ns/evil/sa/evil", "Team": "boss", "X-User": "boss", "Bedrock-Tenant": "boss",
		}}).want(t, http.StatusOK, "")
		if diff := cmp.Diff(map[string]string{"user": "ann", "team": "search"}, m.extProc.requestMetadata(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("refused", m.testRejected)
	t.Run("mTLS", m.testMutualTLS)
	t.Run("access log", m.testAccessLog)
	t.Run("bedrock-extproc gone", func(t *testing.T) {
		m.extProc.stop(t)
		m.do(t, call{token: token}).want(t, http.StatusServiceUnavailable, "envoy_sidecar_unreachable")
	})
}

// testStream reads the start of a stalled answer and disconnects.
func (m *gatewayMesh) testStream(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp := call{
		url: stream, token: m.issuer.token(t, "ann", "search", "llm-users"),
		body: `{"model": "us.amazon.nova-lite-v1:0#fault=stall&at=3", ` + question[1:],
	}.send(ctx, t, m.client(t), gatewayURL)
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.Contains(line, `"type":"content_delta"`) {
		t.Fatalf("%q, %v", line, err)
	}
	cancel()
	m.extProc.awaitAborted(t)
}

// testRejected checks calls that Envoy rejects before bedrock-extproc.
func (m *gatewayMesh) testRejected(t *testing.T) {
	before := len(m.extProc.bedrock.Calls())
	token := m.issuer.token(t, "ann", "search", "llm-users")
	for name, c := range map[string]struct {
		call
		status int
		kind   string
	}{
		"no token":               {call{}, http.StatusForbidden, "envoy_forbidden"},
		"somebody else's token":  {call{token: newIssuer(t).token(t, "ann", "search", "llm-users")}, http.StatusUnauthorized, "envoy_unauthenticated"},
		"a cut token":            {call{token: token[:len(token)-4]}, http.StatusUnauthorized, "envoy_unauthenticated"},
		"not of the group":       {call{token: m.issuer.token(t, "eve", "search", "others")}, http.StatusForbidden, "envoy_forbidden"},
		"another host":           {call{host: "other.example.com", token: token}, http.StatusNotFound, ""},
		"another host, no token": {call{host: "other.example.com"}, http.StatusForbidden, "envoy_forbidden"},
		"another case, no token": {call{host: "LLM.example.com"}, http.StatusForbidden, "envoy_forbidden"},
		"with a port, no token":  {call{host: "llm.example.com:8443"}, http.StatusForbidden, "envoy_forbidden"},
		"a slash, no token":      {call{url: "/model/arn%3Aaws%2Fm/converse"}, http.StatusForbidden, "envoy_forbidden"},
		"an escaped slash":       {call{url: "/api%2Fv1/llm/completions", token: token}, http.StatusNotFound, "unknown_path"},
	} {
		t.Run(name, func(t *testing.T) { m.do(t, c.call).want(t, c.status, c.kind) })
	}
	t.Run("a header with underscore", func(t *testing.T) {
		got := m.do(t, call{token: token, headers: map[string]string{"X_Provider": "a"}, http1: true})
		got.want(t, http.StatusBadRequest, "envoy_bad_request") // on HTTP/2 Envoy resets the stream
	})
	if after := len(m.extProc.bedrock.Calls()); after != before {
		t.Errorf("%d calls reached Bedrock", after-before)
	}
}

// testMutualTLS tries to call bedrock-extproc directly, not through the gateway.
func (m *gatewayMesh) testMutualTLS(t *testing.T) {
	for name, c := range map[string]struct {
		transport credentials.TransportCredentials
		want      codes.Code
	}{
		"no TLS":           {insecure.NewCredentials(), codes.Unavailable},
		"another workload": {m.as(t, "default", "curl"), codes.PermissionDenied},
		"the gateway":      {m.as(t, "istio-ingress", "istio-ingressgateway"), codes.OK},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := grpc.NewClient(m.pod, grpc.WithTransportCredentials(c.transport))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if got := status.Code(err); got != c.want {
				t.Errorf("%v, want %v: %v", got, c.want, err)
			}
		})
	}
}

// as returns the credentials of a workload of the mesh.
func (m *gatewayMesh) as(t *testing.T, namespace, account string) credentials.TransportCredentials {
	t.Helper()
	return credentials.NewTLS(m.mesh.client(t, namespace, account))
}

// testAccessLog checks the entry of a call.
func (m *gatewayMesh) testAccessLog(t *testing.T) {
	token := m.issuer.token(t, "ann", "search", "llm-users")
	const id = "00000000-0000-4000-8000-00000000abcd"
	m.do(t, call{token: token, headers: map[string]string{"X-Request-Id": id}}).want(t, http.StatusOK, "")
	want := map[string]any{
		"request_id": id, "status": 200.0, "path": completions, "model": "us.amazon.nova-lite-v1:0", "backend": "bedrock",
		"region": "us-east-1", "stop_reason": "end_turn", "details": "bedrock_extproc_ok",
	}
	got := logged(t, m.envoy, id)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
	if got["input_tokens"] == nil || got["output_tokens"] == nil || got["ext_proc_microseconds"] == nil {
		t.Errorf("without tokens or time: %v", got)
	}
}
