package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	rbacconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// TestGuest runs the sidecar's filter in an Envoy that serves another application on
// the same listener, each with authorization of its own routes.
func TestGuest(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/cart" {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprint(w, "the shop's "+r.URL.Path)
	}))
	defer shop.Close()
	s := startWith(t, besideShop(t, shop.Listener.Addr()), nil)
	const calls = "/api/v1/llm/completions"
	for name, c := range map[string]struct {
		host, path, user string
		status           int
		body             string // "" for the sidecar's or Envoy's own
		model            bool
	}{
		"a model call":                        {"llm.example", calls, "alice", 200, "", true},
		"a model call without authorization":  {"llm.example", calls, "bob", 403, "", false},
		"another path of the host":            {"llm.example", "/", "alice", 404, "", false},
		"a host without a route":              {"other.example", calls, "alice", 404, "", false},
		"an address":                          {"127.0.0.1", calls, "alice", 404, "", false},
		"the shop":                            {"shop.example", "/cart", "bob", 200, "the shop's /cart", false},
		"an error of the shop":                {"shop.example", "/nothing", "bob", 418, "the shop's /nothing", false},
		"a model call's path at the shop":     {"shop.example", calls, "bob", 418, "the shop's " + calls, false},
		"the shop without authorization":      {"shop.example", "/cart", "alice", 403, "", false},
		"a page of the sidecar, not enabled":  {"llm.example", "/readyz", "alice", 404, "", false},
		"a model call, host in other letters": {"LLM.example", calls, "alice", 200, "", true},
	} {
		for protocol, client := range protocols() {
			t.Run(name+"/"+protocol, func(t *testing.T) {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url(c.path), strings.NewReader(askExplain))
				if err != nil {
					t.Fatal(err)
				}
				req.Host = c.host
				req.Header.Set("X-User", c.user)
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != c.status || c.body != "" && string(body) != c.body {
					t.Errorf("status %d, want %d; body %s", resp.StatusCode, c.status, body)
				}
				if answered := resp.Header.Get("X-Bedrock-Backend") != ""; answered != c.model {
					t.Errorf("answered by a model: %t, want %t", answered, c.model)
				}
			})
		}
	}
}

// besideShop replaces the routes: llm.example is the sidecar's, for alice, and
// shop.example is the shop's, for bob.
func besideShop(t *testing.T, shop net.Addr) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		filter := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		var manager hcmv3.HttpConnectionManager
		unpack(t, filter.GetTypedConfig(), &manager)
		manager.HttpFilters = append([]*hcmv3.HttpFilter{{
			Name: "rbac", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(t, &rbacv3.RBAC{})},
		}}, manager.GetHttpFilters()...)
		var calls []*routev3.Route
		for _, prefix := range envoy.Prefixes() {
			route, err := envoy.Route(prefix)
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, route)
		}
		toShop := &routev3.Route{
			Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
			Action: &routev3.Route_Route{Route: &routev3.RouteAction{
				ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "shop"},
			}},
		}
		manager.GetRouteConfig().VirtualHosts = []*routev3.VirtualHost{
			{Name: "llm", Domains: []string{"llm.example"}, Routes: calls, TypedPerFilterConfig: onlyUser(t, "alice")},
			{Name: "shop", Domains: []string{"shop.example"}, Routes: []*routev3.Route{toShop}, TypedPerFilterConfig: onlyUser(t, "bob")},
		}
		repack(t, filter.GetTypedConfig(), &manager)
		b.GetStaticResources().Clusters = append(b.GetStaticResources().GetClusters(), cluster(t, "shop", shop))
	}
}

// onlyUser is the configuration of the RBAC filter that lets one user in.
func onlyUser(t *testing.T, user string) map[string]*anypb.Any {
	rules := &rbacconfigv3.RBAC{Policies: map[string]*rbacconfigv3.Policy{user: {
		Permissions: []*rbacconfigv3.Permission{{Rule: &rbacconfigv3.Permission_Any{Any: true}}},
		Principals: []*rbacconfigv3.Principal{{Identifier: &rbacconfigv3.Principal_Header{Header: &routev3.HeaderMatcher{
			Name: "x-user",
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
				MatchPattern: &matcherv3.StringMatcher_Exact{Exact: user},
			}},
		}}}},
	}}}
	return map[string]*anypb.Any{"rbac": packed(t, &rbacv3.RBACPerRoute{Rbac: &rbacv3.RBAC{Rules: rules}})}
}

func cluster(t *testing.T, name string, addr net.Addr) *clusterv3.Cluster {
	host, portText, err := net.SplitHostPort(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return &clusterv3.Cluster{
		Name: name,
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
				Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
					Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
				}}},
			}}}},
		}}},
	}
}

func packed(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	any, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return any
}
