package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tracev3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"bedrock-extproc/tests/envoytest"
)

// tracedTo makes an Envoy send its spans to a collector.
func tracedTo(t *testing.T, collector string) func(*bootstrapv3.Bootstrap) {
	t.Helper()
	at, err := url.Parse(collector)
	if err != nil {
		t.Fatal(err)
	}
	return func(b *bootstrapv3.Bootstrap) {
		b.StaticResources.Clusters = append(b.StaticResources.Clusters, collectorCluster(t, at))
		config, err := anypb.New(&tracev3.OpenTelemetryConfig{
			ServiceName: "envoy",
			HttpService: &corev3.HttpService{HttpUri: &corev3.HttpUri{
				Uri: collector + "/v1/traces", HttpUpstreamType: &corev3.HttpUri_Cluster{Cluster: "collector"}, Timeout: durationpb.New(time.Second),
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		editManager(t, b, func(m *hcmv3.HttpConnectionManager) {
			m.Tracing = &hcmv3.HttpConnectionManager_Tracing{Provider: &tracev3.Tracing_Http{
				Name: "envoy.tracers.opentelemetry", ConfigType: &tracev3.Tracing_Http_TypedConfig{TypedConfig: config},
			}}
		})
	}
}

func collectorCluster(t *testing.T, at *url.URL) *clusterv3.Cluster {
	t.Helper()
	var port uint32
	for _, digit := range at.Port() {
		port = port*10 + uint32(digit-'0')
	}
	address := &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: at.Hostname(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
	return &clusterv3.Cluster{
		Name: "collector", ConnectTimeout: durationpb.New(time.Second),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: "collector", Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address}}}},
		}}},
	}
}

// TestEnvoyTrace: the sidecar's span is in the trace of an Envoy that traces, as a child of
// one of its spans. Without that, it continues the trace of the client.
func TestEnvoyTrace(t *testing.T) {
	s, c := startObserved(t, observedConfig, nil)
	traced := envoytest.Start(t, s.sidecar.socket, tracedTo(t, c.url))
	client := newClient(false)
	const clients = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, base := range []string{traced.URL, s.envoy.URL} {
		path, body := gatewayRequest("fast", true)
		resp := post(t, client, base+path, body, "traceparent", clients)
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d, %v", resp.StatusCode, err)
		}
		resp.Body.Close()
	}
	var ours, envoys []*tracev1.Span
	eventually(t, "the spans of both calls and of Envoy are there", func() bool {
		ours, envoys = c.serverSpans()
		return len(ours) == 2 && len(envoys) > 0
	})
	if !isChild(ours, envoys) {
		t.Errorf("no span of the sidecar is a child of one of Envoy's: %v, %v", ours, envoys)
	}
	direct := false
	for _, span := range ours {
		direct = direct || bytes.Equal(span.GetParentSpanId(), []byte{0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31})
	}
	if !direct {
		t.Errorf("no span continues the client's trace: %v", ours)
	}
}

// serverSpans are the sidecar's spans of whole calls, and all of Envoy's.
func (c *collector) serverSpans() (ours, envoys []*tracev1.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		switch {
		case s.GetName() == "gateway chat":
			ours = append(ours, s)
		case s.GetKind() != tracev1.Span_SPAN_KIND_INTERNAL && !bytes.HasPrefix([]byte(s.GetName()), []byte("chat ")):
			envoys = append(envoys, s)
		}
	}
	return ours, envoys
}

func isChild(ours, envoys []*tracev1.Span) bool {
	for _, o := range ours {
		for _, e := range envoys {
			if bytes.Equal(o.GetTraceId(), e.GetTraceId()) && bytes.Equal(o.GetParentSpanId(), e.GetSpanId()) {
				return true
			}
		}
	}
	return false
}
