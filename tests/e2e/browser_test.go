package e2e

import (
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3" // extension types in the example
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
)

// pageOrigin is an origin of the example for browsers.
const pageOrigin = "https://app.example"

// editManager changes the HTTP connection manager of a configuration.
func editManager(t *testing.T, b *bootstrapv3.Bootstrap, edit func(*hcmv3.HttpConnectionManager)) {
	t.Helper()
	config := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
	var manager hcmv3.HttpConnectionManager
	unpack(t, config, &manager)
	edit(&manager)
	repack(t, config, &manager)
}

// preflight sends what a browser sends before a model call.
func preflight(t *testing.T, client *http.Client, url, origin string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	req.Header.Set("Access-Control-Request-Method", http.MethodPost)
	req.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// allowed reports the origin whose pages may read a response.
func allowed(resp *http.Response) string { return resp.Header.Get("Access-Control-Allow-Origin") }

// TestBrowser checks whom the example for browsers answers. Chromium itself calls it in
// tests/browser.
func TestBrowser(t *testing.T) {
	x := startExample(t, "browser", nil)
	for protocol, client := range protocols() {
		if resp := preflight(t, client, x.completions(), pageOrigin); resp.StatusCode != http.StatusOK || allowed(resp) != pageOrigin {
			t.Errorf("%s: preflight: status %d, %q allowed", protocol, resp.StatusCode, allowed(resp))
		}
		for origin, want := range map[string]struct {
			status  int
			allowed string
		}{
			pageOrigin: {200, pageOrigin}, "http://app.example": {403, ""}, "https://app.example.evil.example": {403, ""}, "null": {403, ""}, "": {200, ""},
		} {
			var headers []string
			if origin != "" {
				headers = []string{"Origin", origin}
			}
			resp := post(t, client, x.completions(), askSum, headers...)
			if resp.StatusCode != want.status || allowed(resp) != want.allowed {
				t.Errorf("%s: page of %q: status %d, %q allowed", protocol, origin, resp.StatusCode, allowed(resp))
			}
			decode(t, resp)
		}
	}
	if calls := x.bedrock.Calls(); len(calls) != 4 {
		t.Errorf("Bedrock got %d calls, want 4", len(calls))
	}
}

// TestBrowserReadsEnvoysErrors checks that pages can read errors of Envoy itself: without
// a sidecar, and with a bypassed filter.
func TestBrowserReadsEnvoysErrors(t *testing.T) {
	bypass := func(b *bootstrapv3.Bootstrap) {
		editManager(t, b, func(m *hcmv3.HttpConnectionManager) {
			m.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0].TypedPerFilterConfig = nil
		})
	}
	for kind, x := range map[string]*example{
		"envoy_sidecar_unreachable": startExample(t, "browser", nil), "envoy_sidecar_skipped": startExample(t, "browser", bypass),
	} {
		x.sidecar.kill()
		resp := post(t, newClient(false), x.completions(), askSum, "Origin", pageOrigin)
		if resp.StatusCode != http.StatusServiceUnavailable || allowed(resp) != pageOrigin || resp.Header.Get("Retry-After") == "" ||
			!strings.Contains(resp.Header.Get("Access-Control-Expose-Headers"), "retry-after") {
			t.Errorf("%s: status %d, headers %v", kind, resp.StatusCode, resp.Header)
		}
		if got := decode(t, resp).Error.Type; got != kind {
			t.Errorf("got %s, want %s", got, kind)
		}
	}
}

// TestBrowserWithTokens puts the filters of the example for browsers before those of
// secure: preflights need no token, and pages can read that one is missing.
func TestBrowserWithTokens(t *testing.T) {
	var pages hcmv3.HttpConnectionManager
	var noEndpoints *clusterv3.Cluster
	startExample(t, "browser", func(b *bootstrapv3.Bootstrap) {
		editManager(t, b, func(m *hcmv3.HttpConnectionManager) { proto.Merge(&pages, m) })
		noEndpoints = b.GetStaticResources().GetClusters()[1]
	})
	x := startExample(t, "secure", func(b *bootstrapv3.Bootstrap) {
		editManager(t, b, func(m *hcmv3.HttpConnectionManager) {
			m.HttpFilters = slices.Concat(pages.GetHttpFilters()[:2], m.GetHttpFilters())
			m.HttpFilters[1].Name = "origins" // another rbac follows
			m.RouteSpecifier = pages.GetRouteSpecifier()
		})
		b.StaticResources.Clusters = append(b.GetStaticResources().GetClusters(), noEndpoints)
	})
	if resp := preflight(t, x.client(t, true), x.completions(), pageOrigin); resp.StatusCode != http.StatusOK || allowed(resp) != pageOrigin {
		t.Errorf("preflight: status %d, %q allowed", resp.StatusCode, allowed(resp))
	}
	for token, want := range map[string]int{"": 401, x.token(t, "-groups", "users"): 403, x.token(t): 200} {
		resp := x.ask(t, true, token, askSum, "Origin", pageOrigin)
		if resp.StatusCode != want || allowed(resp) != pageOrigin {
			t.Errorf("status %d, want %d; %q allowed", resp.StatusCode, want, allowed(resp))
		}
		decode(t, resp)
	}
	if resp := x.ask(t, true, x.token(t), askSum, "Origin", "https://evil.example"); resp.StatusCode != http.StatusForbidden || allowed(resp) != "" {
		t.Errorf("another origin: status %d, %q allowed", resp.StatusCode, allowed(resp))
	}
}

// TestCorsWithoutCluster records why the example has a cluster: with a direct response,
// Envoy ignores the cors filter. The preflight then reaches the sidecar. The doctor says
// so.
func TestCorsWithoutCluster(t *testing.T) {
	x := startExample(t, "browser", func(b *bootstrapv3.Bootstrap) {
		editManager(t, b, func(m *hcmv3.HttpConnectionManager) {
			m.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0].Action = &routev3.Route_DirectResponse{
				DirectResponse: &routev3.DirectResponseAction{Status: http.StatusServiceUnavailable},
			}
		})
	})
	resp := preflight(t, newClient(false), x.completions(), pageOrigin)
	if resp.StatusCode != http.StatusMethodNotAllowed || allowed(resp) != "" {
		t.Errorf("preflight: status %d, %q allowed: Envoy no longer ignores cors; remove the doctor's cors-no-cluster for this version", resp.StatusCode, allowed(resp))
	}
	out, _ := exec.CommandContext(t.Context(), program, "doctor", "-aws=false", "-envoy-admin", x.envoy.Admin).CombinedOutput() // fails because of its findings
	if !strings.Contains(string(out), "cors-no-cluster") {
		t.Errorf("the doctor says %s", out)
	}
}
