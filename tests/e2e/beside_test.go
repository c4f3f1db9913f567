package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocconfigv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// TestReadme pastes the pieces of the README into a listener of a shop: only model calls
// on the pasted route reach the sidecar.
func TestReadme(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the shop's "+r.URL.Path) }))
	defer shop.Close()
	s := startWith(t, func(b *bootstrapv3.Bootstrap) {
		b.GetStaticResources().Clusters = append(b.GetStaticResources().GetClusters(), cluster(t, "shop", shop.Listener.Addr()))
		config := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
		var manager hcmv3.HttpConnectionManager
		unpack(t, config, &manager)
		var routes []*routev3.Route
		manager.HttpFilters, routes = readmePieces(t)
		toShop := &routev3.Route{
			Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
			Action: &routev3.Route_Route{Route: &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "shop"}}},
		}
		manager.GetRouteConfig().VirtualHosts = []*routev3.VirtualHost{
			{Name: "shop", Domains: []string{"shop.example"}, Routes: append(routes, toShop)},
			{Name: "api", Domains: []string{"api.example"}, Routes: []*routev3.Route{toShop}},
		}
		repack(t, config, &manager)
	}, nil)
	const calls = "/api/v1/llm/completions"
	for _, c := range []struct{ host, path, want string }{ // want: "" for a model's answer
		{"shop.example", calls, ""},
		{"shop.example", "/cart", "200 the shop's /cart"},
		{"shop.example", "/readyz", "200 the shop's /readyz"},
		{"api.example", calls, "200 the shop's " + calls},
		{"other.example", calls, "404 "},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url(c.path), strings.NewReader(askSum))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		resp, err := newClient(false).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		got := fmt.Sprintf("%d %s", resp.StatusCode, body)
		model := resp.Header.Get("X-Bedrock-Backend") != ""
		if err != nil || model != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s%s: %s, answered by a model: %t (%v)", c.host, c.path, got, model, err)
		}
	}
}

// readmePieces returns the filters and routes that the README shows.
func readmePieces(t *testing.T) ([]*hcmv3.HttpFilter, []*routev3.Route) {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(http_filters:.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README has no http_filters")
	}
	var pieces struct {
		Filters []json.RawMessage `json:"http_filters"`
		Routes  []json.RawMessage `json:"routes"`
	}
	if err := yaml.Unmarshal(block[1], &pieces); err != nil {
		t.Fatal(err)
	}
	filters, routes := []*hcmv3.HttpFilter{}, []*routev3.Route{}
	for _, text := range pieces.Filters {
		filters = append(filters, parsed(t, text, &hcmv3.HttpFilter{}))
	}
	for _, text := range pieces.Routes {
		routes = append(routes, parsed(t, text, &routev3.Route{}))
	}
	return filters, routes
}

func parsed[M proto.Message](t *testing.T, text []byte, m M) M {
	t.Helper()
	if err := protojson.Unmarshal(text, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// inFront is another ext_proc server: it chooses the backend by a header.
type inFront struct {
	extprocv3.UnimplementedExternalProcessorServer
}

func (inFront) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	return stream.Send(&extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestHeaders{
		RequestHeaders: &extprocv3.HeadersResponse{Response: &extprocv3.CommonResponse{
			HeaderMutation: &extprocv3.HeaderMutation{SetHeaders: []*corev3.HeaderValueOption{
				{Header: &corev3.HeaderValue{Key: "x-provider-llm", RawValue: []byte("bedrock-eu")}},
			}},
		}},
	}})
}

// TestSecondExtProc has another ext_proc filter in front of the sidecar's. Streams and
// large uploads work, and the sidecar sees what that filter did.
func TestSecondExtProc(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, ended := grpc.NewServer(), make(chan struct{})
	extprocv3.RegisterExternalProcessorServer(server, inFront{})
	go func() {
		defer close(ended)
		_ = server.Serve(lis) // Serve ends only by Stop
	}()
	defer func() { server.Stop(); <-ended }()
	s := startWith(t, func(b *bootstrapv3.Bootstrap) {
		all := b.GetStaticResources()
		other := cluster(t, "front", lis.Addr())
		other.TypedExtensionProtocolOptions = all.GetClusters()[0].GetTypedExtensionProtocolOptions()
		all.Clusters = append(all.GetClusters(), other)
		config := all.GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
		var manager hcmv3.HttpConnectionManager
		unpack(t, config, &manager)
		first := &extprocconfigv3.ExternalProcessor{
			GrpcService: &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
				EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: "front"},
			}},
			ProcessingMode: &extprocconfigv3.ProcessingMode{ResponseHeaderMode: extprocconfigv3.ProcessingMode_SKIP},
		}
		manager.HttpFilters = append([]*hcmv3.HttpFilter{
			{Name: "front", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(t, first)}},
		}, manager.GetHttpFilters()...)
		repack(t, config, &manager)
	}, nil, "-config", configFile(t, twoRegions))
	large := `{"messages":[{"role":"user","content":"` + strings.Repeat("word ", 200_000) + `"}]}`
	for name, client := range protocols() {
		if err := oneStream(client, s.stream()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		resp := post(t, client, s.completions(), large)
		if got := resp.Header.Get("X-Bedrock-Backend"); resp.StatusCode != http.StatusOK || got != "bedrock-eu" {
			t.Errorf("%s: status %d by %q", name, resp.StatusCode, got)
		}
	}
}
