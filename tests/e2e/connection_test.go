package e2e

import (
	"os"
	"regexp"
	"slices"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3" // its type is in the page
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"
)

// TestConnectionsOfHTTPX puts the filter of docs/gateway-client.md into Envoy's chain. It closes
// the connections of one client and no others.
func TestConnectionsOfHTTPX(t *testing.T) {
	page, err := os.ReadFile("../../docs/gateway-client.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(name: close_connections_of_httpx\n.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/gateway-client.md lacks the filter")
	}
	text, err := yaml.YAMLToJSON(block[1])
	if err != nil {
		t.Fatal(err)
	}
	filter := &hcmv3.HttpFilter{}
	if err := protojson.Unmarshal(text, filter); err != nil {
		t.Fatal(err)
	}
	s := startWith(t, func(b *bootstrapv3.Bootstrap) {
		network := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		manager := &hcmv3.HttpConnectionManager{}
		if err := network.GetTypedConfig().UnmarshalTo(manager); err != nil {
			t.Fatal(err)
		}
		manager.HttpFilters = slices.Insert(manager.GetHttpFilters(), 0, filter)
		repack(t, network.GetTypedConfig(), manager)
	}, nil)
	for agent, closed := range map[string]bool{"python-httpx/0.28.1": true, "curl/8": false} {
		for _, url := range []string{s.completions(), s.stream()} {
			if resp := post(t, newClient(false), url, askSum, "User-Agent", agent); resp.StatusCode != 200 || resp.Close != closed {
				t.Errorf("%s: status %d, closed %v, want %v", agent, resp.StatusCode, resp.Close, closed)
			}
		}
		if resp := post(t, newClient(true), s.completions(), askSum, "User-Agent", agent); resp.StatusCode != 200 {
			t.Errorf("%s over HTTP/2: status %d", agent, resp.StatusCode)
		}
	}
}
