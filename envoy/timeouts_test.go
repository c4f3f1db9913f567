package envoy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"bedrock-extproc/tests/envoytest"
)

// The answers of TestTimeouts take longer than its timeouts.
const (
	shortTimeout = 500 * time.Millisecond
	longAnswer   = 3 * shortTimeout
)

// cut says which answers a timeout ends.
type cut struct{ Whole, WholeOfTrailers, Stream bool }

// TestTimeouts measures which of Envoy's timeouts end long answers. The doctor reports
// those.
func TestTimeouts(t *testing.T) {
	s := startSidecar(t, answerSlowly)
	limit := durationpb.New(shortTimeout)
	for name, c := range map[string]struct {
		edit func(*hcmv3.HttpConnectionManager)
		want cut
	}{
		"stream_idle_timeout": {func(m *hcmv3.HttpConnectionManager) { m.StreamIdleTimeout = limit }, cut{true, true, false}},
		"request_timeout":     {func(m *hcmv3.HttpConnectionManager) { m.RequestTimeout = limit }, cut{false, true, false}},
		"max_stream_duration": {func(m *hcmv3.HttpConnectionManager) { m.CommonHttpProtocolOptions.MaxStreamDuration = limit }, cut{true, true, true}},
		"idle_timeout":        {func(m *hcmv3.HttpConnectionManager) { m.CommonHttpProtocolOptions.IdleTimeout = limit }, cut{}},
		"headers and flush":   {func(m *hcmv3.HttpConnectionManager) { m.RequestHeadersTimeout, m.StreamFlushTimeout = limit, limit }, cut{}},
		"message_timeout":     {editExtProc(t, func(p *extprocv3.ExternalProcessor) { p.MessageTimeout = limit }), cut{}},
		"grpc_service":        {editExtProc(t, func(p *extprocv3.ExternalProcessor) { p.GrpcService.Timeout = limit }), cut{}},
		"route timeout":       {editRoute(func(a *routev3.RouteAction) { a.Timeout = limit }), cut{}},
		"route idle_timeout":  {editRoute(func(a *routev3.RouteAction) { a.IdleTimeout = limit }), cut{true, true, false}},
		"route max_stream_duration": {editRoute(func(a *routev3.RouteAction) {
			a.MaxStreamDuration = &routev3.RouteAction_MaxStreamDuration{MaxStreamDuration: limit}
		}), cut{true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := envoytest.Start(t, s.address, editHCM(t, c.edit))
			for protocol, client := range clients() {
				got := cut{}
				parts := []*bool{&got.Whole, &got.WholeOfTrailers, &got.Stream}
				done := make(chan bool, len(parts))
				for i, path := range []string{"/whole", "/whole", "/stream"} {
					go func() { *parts[i] = !complete(t, client, e.URL+path, i == 1); done <- true }()
				}
				for range parts {
					<-done
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s: answers that it ends (-want +got):\n%s", protocol, diff)
				}
			}
		})
	}
}

// answerSlowly sends a whole answer, or a stream with an event from time to time.
func answerSlowly(x *call) error {
	if x.path == "/whole" {
		select {
		case <-x.Context().Done():
			return x.Context().Err()
		case <-time.After(longAnswer):
			return x.immediate(200, "bedrock_extproc_ok", "end", nil)
		}
	}
	if err := x.start("200"); err != nil {
		return err
	}
	for begun := time.Now(); time.Since(begun) < longAnswer; time.Sleep(shortTimeout / 10) {
		if err := x.write("data: 1\n\n", false); err != nil {
			return err
		}
	}
	return x.write("end", true)
}

// complete reports whether a call is answered to its end.
func complete(t *testing.T, client *http.Client, url string, trailers bool) bool {
	var body io.Reader = strings.NewReader("a body")
	if trailers {
		body = io.MultiReader(body) // of unknown length
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Error(err)
		return false
	}
	if trailers {
		req.Trailer = http.Header{"X-Trailer": {"1"}}
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK && strings.HasSuffix(string(text), "end")
}

// editExtProc returns a function that edits the ext_proc filter.
func editExtProc(t *testing.T, edit func(*extprocv3.ExternalProcessor)) func(*hcmv3.HttpConnectionManager) {
	return func(m *hcmv3.HttpConnectionManager) {
		config := m.GetHttpFilters()[0].GetTypedConfig()
		var p extprocv3.ExternalProcessor
		if err := config.UnmarshalTo(&p); err != nil {
			t.Fatal(err)
		}
		edit(&p)
		if err := config.MarshalFrom(&p); err != nil {
			t.Fatal(err)
		}
	}
}

// editRoute returns a function that makes the fallback route one to a cluster, and edits
// it.
func editRoute(edit func(*routev3.RouteAction)) func(*hcmv3.HttpConnectionManager) {
	return func(m *hcmv3.HttpConnectionManager) {
		action := &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "bedrock_extproc"}}
		edit(action)
		m.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0].Action = &routev3.Route_Route{Route: action}
	}
}
