package envoy_test

import (
	"io"
	"net/http"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/envoytest"
)

// TestOverrides shows which per-route configurations Envoy applies to the sidecar's
// filter. It silently ignores those with a misspelt name or of another filter's type;
// the doctor reports them.
func TestOverrides(t *testing.T) {
	s := startSidecar(t, func(x *call) error {
		received, _ := metadata.FromIncomingContext(x.Context())
		name := "none"
		if values := received.Get("bedrock-backend"); len(values) > 0 {
			name = values[0]
		}
		return x.immediate(200, "bedrock_extproc_ok", name, nil)
	})
	own := func(m proto.Message) map[string]*anypb.Any {
		return map[string]*anypb.Any{envoy.FilterName: packed(t, m)}
	}
	key := func(name string) *extprocv3.ExtProcPerRoute {
		per := envoy.Backend("route")
		per.GetOverrides().GetGrpcInitialMetadata()[0].Key = name
		return per
	}
	cases := map[string]struct {
		route, weighted map[string]*anypb.Any
		want            string
	}{
		"/none":         {nil, nil, "host"},
		"/own":          {own(envoy.Backend("route")), nil, "route"},
		"/capitals":     {own(key("Bedrock-Backend")), nil, "route"},
		"/underscore":   {own(key("bedrock_backend")), nil, "host"},
		"/empty":        {own(envoy.Backend("")), nil, "none"},
		"/other-name":   {map[string]*anypb.Any{"envoy.filters.http.ext-proc": packed(t, envoy.Backend("route"))}, nil, "host"},
		"/other-type":   {own(&rbacv3.RBACPerRoute{}), nil, "host"},
		"/other-inside": {own(&routev3.FilterConfig{Config: packed(t, &rbacv3.RBACPerRoute{})}), nil, "host"},
		"/not-disabled": {map[string]*anypb.Any{"envoy.filters.http.ext-proc": packed(t, &routev3.FilterConfig{Disabled: true})}, nil, "host"},
		"/weighted":     {own(envoy.Backend("route")), own(envoy.Backend("weighted")), "weighted"},
	}
	e := envoytest.Start(t, s.address, editHCM(t, func(m *hcmv3.HttpConnectionManager) {
		host := m.GetRouteConfig().GetVirtualHosts()[0]
		host.Routes, host.TypedPerFilterConfig = nil, own(envoy.Backend("host"))
		for path, c := range cases {
			host.Routes = append(host.Routes, overridden(path, c.route, c.weighted))
		}
	}))
	for path, c := range cases {
		resp := post(t, http.DefaultClient, e.URL+path)
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != c.want {
			t.Errorf("%s: backend %q, want %q (%v)", path, got, c.want, err)
		}
	}
}

// overridden is a route with an override of its own and, if weighted is not nil, of its
// weighted cluster.
func overridden(path string, own, weighted map[string]*anypb.Any) *routev3.Route {
	r := &routev3.Route{
		Match:                &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: path}},
		Action:               &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: http.StatusServiceUnavailable}},
		TypedPerFilterConfig: own,
	}
	if weighted != nil {
		r.Action = &routev3.Route_Route{Route: &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_WeightedClusters{
			WeightedClusters: &routev3.WeightedCluster{Clusters: []*routev3.WeightedCluster_ClusterWeight{
				{Name: envoy.ClusterName, Weight: wrapperspb.UInt32(1), TypedPerFilterConfig: weighted},
			}},
		}}}
	}
	return r
}

func packed(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
