package extproc_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// numbered is a configuration whose parts each leave its number in the answer.
func numbered(t *testing.T, n int) extproc.Gateway {
	t.Helper()
	d := &fakeDialect{}
	d.decode = func(req translator.Request) (*translator.Call, error) {
		return &translator.Call{Model: fmt.Sprintf("%s dialect %d", req.DefaultModel, n), Streaming: req.Streaming, Encoder: &d.fakeEncoder}, nil
	}
	d.encodeReply = func(reply []byte, _ translator.Facts) (translator.Response, translator.Summary, error) {
		return jsonResponse(200, fmt.Sprintf("%s, encoder %d", reply, n)), spent, nil
	}
	d.newStream = func(translator.Facts) translator.Stream {
		return &fakeStream{appendEvent: func(dst []byte, ev translator.Event) ([]byte, error) {
			return fmt.Appendf(dst, "%s, encoder %d", ev.Payload, n), nil
		}, appendEnd: func(dst []byte) []byte { return dst }}
	}
	d.encodeError = func(e *translator.Error) translator.Response {
		return jsonResponse(e.Status, fmt.Sprintf("%s, words %d", e.Message, n))
	}
	answer := func(call *translator.Call) []byte { return fmt.Appendf(nil, "%s, backend %d", call.Model, n) }
	b := &fakeBackend{
		converse: func(_ context.Context, call *translator.Call, _ translator.Caller) ([]byte, translator.Facts, error) {
			return answer(call), bedrockFacts, nil
		},
		converseStream: func(_ context.Context, call *translator.Call, _ translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
			return func(yield func(translator.Event, error) bool) {
				yield(translator.Event{Payload: answer(call)}, nil)
			}, bedrockFacts, nil
		},
	}
	b.target = func(provider string, caller translator.Caller, _ extproc.Origin) (extproc.Target, error) {
		target := b.any(caller)
		target.DefaultModel = fmt.Sprintf("target %d", n)
		if provider == "limited" {
			target.Allow = func(string) error { return &translator.Error{Status: 403, Message: fmt.Sprintf("rule %d", n)} }
		}
		return target, nil
	}
	return newGateway(t, b, []extproc.PageRoute{{Pattern: "/page", Page: page(200, fmt.Sprintf("page %d", n))}}, d)
}

// The configuration changes each time it is loaded. A request loads it once, and its
// whole answer comes from one configuration.
func TestReloadNeverSplitsACall(t *testing.T) {
	const parts = "target %[1]d dialect %[1]d, backend %[1]d, encoder %[1]d"
	for name, c := range map[string]struct {
		method, path, provider, want string
	}{
		"whole":         {"POST", "/whole", "", parts},
		"streamed":      {"POST", "/stream", "", parts},
		"not permitted": {"POST", "/whole", "limited", "rule %[1]d, words %[1]d"},
		"no endpoint":   {"POST", "/nowhere", "", "No such endpoint: /nowhere., words %[1]d"},
		"a page":        {"GET", "/page", "", "page %[1]d"},
	} {
		for _, mode := range modesWithBody {
			t.Run(name+" "+mode.String(), func(t *testing.T) {
				loads := 0
				bubble(t, func(s *sidecar) {
					s.envoy.mode = mode
					for n := 1; n <= 3; n++ {
						a := s.envoy.open(s.t, endOfStream, requestHeaders(c.method, c.path, "x-provider-llm", c.provider)...).answer()
						if want := fmt.Sprintf(c.want, n); a.body() != want || loads != n {
							s.t.Errorf("after %d loads the answer is %q, want %q", loads, a.body(), want)
						}
					}
				}, func(s *sidecar) {
					s.cfg.Gateway = func() extproc.Gateway { loads++; return numbered(s.t, loads) }
				})
			})
		}
	}
}

// Without a configuration there is no dialect that could encode an error.
func TestPanicOfTheGateway(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		a := s.post("/whole", "").answer()
		want := `{"detail":"The sidecar failed while handling this request; its log names the cause."}`
		if a.status != 500 || a.body() != want || a.header["content-type"] != "application/json" {
			s.t.Errorf("answer %+v", a)
		}
	}, func(s *sidecar) { s.cfg.Gateway = func() extproc.Gateway { secretive(); return nil } })
}

// The outcome has a model that the caller may not use, and Bedrock is not called.
func TestModelNotPermitted(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		for _, mode := range modesWithBody {
			t.Run(path+" "+mode.String(), func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					s.envoy.mode = mode
					s.backend.target = func(_ string, caller translator.Caller, _ extproc.Origin) (extproc.Target, error) {
						target := s.backend.any(caller)
						target.Allow = func(model string) error {
							return &translator.Error{Status: 403, Kind: translator.KindNotPermitted, Message: "Not " + model + "."}
						}
						return target, nil
					}
					a := s.post(path, "").answer()
					if a.status != 403 || decodeError(s.t, a.body()).Message != "Not model-1." || a.metadata["model"] != "model-1" {
						s.t.Errorf("answer %+v", a)
					}
					if o := s.outcome(); o.Model != "model-1" || o.Streaming != (path == "/stream") || len(s.backend.causes()) != 0 {
						s.t.Errorf("outcome %+v", o)
					}
				})
			})
		}
	}
}
