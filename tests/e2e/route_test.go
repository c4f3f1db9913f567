package e2e

import (
	"net/http"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/fakebedrock"
)

// withHostBackend adds a virtual host with a fixed backend.
func withHostBackend(t *testing.T, host, backend string) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		filter := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		var manager hcmv3.HttpConnectionManager
		unpack(t, filter.GetTypedConfig(), &manager)
		routes := manager.GetRouteConfig()
		own := proto.Clone(routes.GetVirtualHosts()[0]).(*routev3.VirtualHost)
		own.Name, own.Domains = "own", []string{host}
		override, err := anypb.New(envoy.Backend(backend))
		if err != nil {
			t.Fatal(err)
		}
		own.TypedPerFilterConfig = map[string]*anypb.Any{envoy.FilterName: override}
		routes.VirtualHosts = append(routes.VirtualHosts, own)
		repack(t, filter.GetTypedConfig(), &manager)
	}
}

// TestRouteChoosesTheBackend checks that Envoy's route overrides the client's header.
func TestRouteChoosesTheBackend(t *testing.T) {
	s := startWith(t, withHostBackend(t, "eu.example", "bedrock-eu"), nil, "-config", configFile(t, twoRegions))
	for host, want := range map[string]string{"eu.example": "bedrock-eu", "any.example": "bedrock-us"} {
		if got := backendFor(t, s.completions(), host, "bedrock-us"); got != want {
			t.Errorf("%s: answered by %q, want %q", host, got, want)
		}
	}
}

// TestRoutesExample checks the same for examples/envoy/routes, with all spellings of
// the host.
func TestRoutesExample(t *testing.T) {
	x := startExample(t, "routes", nil)
	for host, want := range map[string]string{
		"eu.llm.example": "bedrock-eu", "eu.llm.example:8000": "bedrock-eu", "EU.llm.example.": "bedrock-eu", "us.llm.example": "bedrock-us", "llm.example:80": "bedrock-eu",
	} {
		if got := backendFor(t, x.completions(), host, "bedrock-eu"); got != want {
			t.Errorf("%s: answered by %q, want %q", host, got, want)
		}
	}
	if resp := askHost(t, x.completions(), "other.example"); resp.StatusCode != http.StatusNotFound || resp.Header.Get("X-Bedrock-Backend") != "" {
		t.Errorf("another host: status %d", resp.StatusCode)
	}
}

// TestRouteFixesTheRegion checks that a caller with its own keys cannot leave the
// route's region.
func TestRouteFixesTheRegion(t *testing.T) {
	x := startExample(t, "routes", nil)
	keys := []string{"X-AWS-Region", "us-west-2", "X-AWS-Access-Key-Id", fakebedrock.DemoAccessKeyID, "X-AWS-Secret-Access-Key", fakebedrock.DemoSecretAccessKey}
	for host, want := range map[string]string{"eu.llm.example": "eu-west-1", "llm.example": "us-west-2"} {
		if resp := askHost(t, x.completions(), host, keys...); resp.Header.Get("X-Bedrock-Region") != want {
			t.Errorf("%s: status %d, region %q, want %q", host, resp.StatusCode, resp.Header.Get("X-Bedrock-Region"), want)
		}
	}
}

// backendFor returns the backend that answers a call for a host if the client asks for
// another.
func backendFor(t *testing.T, url, host, asked string) string {
	t.Helper()
	resp := askHost(t, url, host, "X-Provider-LLM", asked)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d", host, resp.StatusCode)
	}
	return resp.Header.Get("X-Bedrock-Backend")
}

func askHost(t *testing.T, url, host string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(askExplain))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := newClient(false).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}
