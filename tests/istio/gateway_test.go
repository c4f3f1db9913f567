package istio

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/envoytest"
)

// gatewayMesh is the gateway example at work: the gateway's Envoy, the Envoy beside
// bedrock-extproc with mTLS between the two, and bedrock-extproc.
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
		generated: plane.sidecar(e), listener: "virtualInbound", address: tcp(m.pod),
		move:    map[string]*corev3.Address{"inbound|9002||": m.extProc.address()},
		secrets: []*tlsv3.Secret{m.mesh.roots(), secret(t, "default", m.mesh.workload(t, "bedrock", "bedrock-extproc"))},
	}.edit(t))
	m.envoy = envoytest.Start(t, m.pod, lone{
		generated: plane.gateway(), listener: gatewayListener, address: tcp("127.0.0.1:0"),
		secrets: []*tlsv3.Secret{
			m.mesh.roots(), secret(t, "default", m.mesh.workload(t, "istio-ingress", "istio-ingressgateway")),
			secret(t, "kubernetes://llm-example-com", m.public.host(t, "llm.example.com")),
		},
	}.edit(t))
	return m
}

// do calls as a client from outside.
func (m *gatewayMesh) do(t *testing.T, c call) answer {
	t.Helper()
	address := strings.TrimPrefix(m.envoy.URL, "http://")
	cfg := &tls.Config{RootCAs: m.public.pool(), MinVersion: tls.VersionTLS12}
	if c.url == "" {
		c.url = completions
	}
	return c.do(t, client(t, address, cfg), "https://llm.example.com")
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
}
