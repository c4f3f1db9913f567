package e2e

import (
	"net/http"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// withMode sets the filter's request_body_mode.
func withMode(t *testing.T, mode extprocv3.ProcessingMode_BodySendMode) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		filter := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		var manager hcmv3.HttpConnectionManager
		unpack(t, filter.GetTypedConfig(), &manager)
		extProc := manager.GetHttpFilters()[0]
		var config extprocv3.ExternalProcessor
		unpack(t, extProc.GetTypedConfig(), &config)
		config.ProcessingMode.RequestBodyMode = mode
		config.ProcessingMode.RequestTrailerMode = extprocv3.ProcessingMode_SKIP
		repack(t, extProc.GetTypedConfig(), &config)
		repack(t, filter.GetTypedConfig(), &manager)
	}
}

func unpack(t *testing.T, from *anypb.Any, to proto.Message) {
	t.Helper()
	if err := from.UnmarshalTo(to); err != nil {
		t.Fatal(err)
	}
}

func repack(t *testing.T, to *anypb.Any, from proto.Message) {
	t.Helper()
	if err := to.MarshalFrom(from); err != nil {
		t.Fatal(err)
	}
}

// TestBufferedMode checks that calls work, with streams in one piece, and that the log
// names the setting to change.
func TestBufferedMode(t *testing.T) {
	s := startWith(t, withMode(t, extprocv3.ProcessingMode_BUFFERED), nil)
	for name, client := range protocols() {
		t.Run(name, func(t *testing.T) {
			if a := decode(t, post(t, client, s.completions(), askSum)); !strings.Contains(a.Content, "4") {
				t.Errorf("answer %+v", a)
			}
			list := readEvents(t, post(t, client, s.stream(), askExplain)).all()
			if last := list[len(list)-1]; last.Type != "metadata" || !strings.Contains(text(list), "Quantum") {
				t.Errorf("events %v", kinds(list))
			}
			if resp := post(t, client, s.completions(), `{`); resp.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("broken JSON: %d", resp.StatusCode)
			}
		})
	}
	if !strings.Contains(s.sidecar.logged(), "FULL_DUPLEX_STREAMED") {
		t.Error("the log does not name the setting")
	}
}

// TestOtherModesAreRejected checks that the error names the mode and the setting to
// change.
func TestOtherModesAreRejected(t *testing.T) {
	for _, mode := range []extprocv3.ProcessingMode_BodySendMode{
		extprocv3.ProcessingMode_NONE, extprocv3.ProcessingMode_STREAMED, extprocv3.ProcessingMode_BUFFERED_PARTIAL,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			s := startWith(t, withMode(t, mode), nil)
			a := decode(t, post(t, newClient(false), s.completions(), askSum))
			detail, _ := a.Detail.(string)
			if a.Error.Type != "unsupported_body_mode" || !strings.Contains(detail, mode.String()) || !strings.Contains(a.Error.Hint, "FULL_DUPLEX_STREAMED") {
				t.Errorf("got %+v, want unsupported_body_mode of %s with a hint at FULL_DUPLEX_STREAMED", a, mode)
			}
		})
	}
}
