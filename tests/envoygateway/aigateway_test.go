package envoygateway

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	extprocsvc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	aiFilter  = "envoy.filters.http.ext_proc/aigateway"
	aiCluster = "ai-gateway-extproc-uds"
	// aiRoute is a route on the example's host that AI Gateway generated.
	aiRoute = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ai, namespace: bedrock}
spec:
  parentRefs: [{name: bedrock}]
  hostnames: [llm.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /v1}}]
    backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: nobody}]
`
)

// aiGateway is an external processor that answers every request itself.
type aiGateway struct {
	extprocsvc.UnimplementedExternalProcessorServer
	calls atomic.Int32
}

func (a *aiGateway) Process(stream extprocsvc.ExternalProcessor_ProcessServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	a.calls.Add(1)
	return stream.Send(&extprocsvc.ProcessingResponse{Response: &extprocsvc.ProcessingResponse_ImmediateResponse{
		ImmediateResponse: &extprocsvc.ImmediateResponse{Status: &typev3.HttpStatus{Code: typev3.StatusCode_OK}, Body: []byte("AI Gateway")},
	}})
}

// addAIGateway changes the translation like Envoy AI Gateway's extension server: its
// filter comes before Envoy Gateway's first rbac, rate limit or ext_proc, is disabled,
// and is enabled on its own routes.
func (x *translation) addAIGateway(t *testing.T) {
	t.Helper()
	filter := &hcmv3.HttpFilter{Name: aiFilter, Disabled: true, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: &anypb.Any{}}}
	pack(t, filter.GetTypedConfig(), &extprocv3.ExternalProcessor{
		GrpcService: &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
			EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: aiCluster},
		}},
	})
	m := x.manager(t)
	m.HttpFilters = slices.Insert(m.GetHttpFilters(), slices.Index(x.order(t), "rbac"), filter)
	pack(t, x.listener.GetFilterChains()[0].GetFilters()[0].GetTypedConfig(), m)
	enabled := &anypb.Any{}
	pack(t, enabled, &routev3.FilterConfig{Config: &anypb.Any{}})
	routes := 0
	for _, host := range x.routes.GetVirtualHosts() {
		for _, route := range host.GetRoutes() {
			if strings.HasPrefix(route.GetName(), "httproute/bedrock/ai/") {
				route.TypedPerFilterConfig, routes = map[string]*anypb.Any{aiFilter: enabled}, routes+1
			}
		}
	}
	if routes != 1 {
		t.Fatalf("%d routes of AI Gateway", routes)
	}
}

// TestBesideAIGateway checks that on one host, each ext_proc filter gets only the
// requests of its own routes, and that the example's policies still apply.
func TestBesideAIGateway(t *testing.T) {
	keys, ai := makeKeys(t), &aiGateway{}
	x := translate(t, objects(t, keys)+aiRoute)
	x.addAIGateway(t)
	want := []string{"jwt_authn", "ext_proc", "rbac", "local_ratelimit", "ext_proc", "router"}
	if diff := cmp.Diff(want, x.order(t)); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
	s := startTranslated(t, keys, x, serve(t, aiCluster, func(s *grpc.Server) { extprocsvc.RegisterExternalProcessorServer(s, ai) }))
	if resp, body := s.ask(t, "/v1/chat/completions", "llm"); resp.StatusCode != http.StatusOK || body != "AI Gateway" {
		t.Errorf("AI Gateway's route: status %d: %s", resp.StatusCode, body)
	}
	if n := len(s.bedrock.Calls()); n != 0 {
		t.Errorf("bedrock-extproc answered AI Gateway's route with %d calls", n)
	}
	for groups, status := range map[string]int{"": 401, "users": 403, "llm": 200} {
		if resp, body := s.ask(t, stream, groups); resp.StatusCode != status {
			t.Errorf("groups %q: status %d: %s", groups, resp.StatusCode, body)
		}
	}
	if ai.calls.Load() != 1 || len(s.bedrock.Calls()) != 1 {
		t.Errorf("AI Gateway got %d requests, and Bedrock %d", ai.calls.Load(), len(s.bedrock.Calls()))
	}
}
