package extproc_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// secretive panics, as careless code does, with content in the value.
func secretive() { panic(fmt.Errorf("cannot handle %s with %s", prompt, secretKey)) }

// panics lists the places where foreign code can panic, and the body that the
// client gets from POST path.
var panics = map[string]struct {
	path    string
	arrange func(s *sidecar)
	status  int
	want    string // "" means the dialect's own error
}{
	"choice of a backend": {"/whole", func(s *sidecar) {
		s.backend.target = func(string, translator.Caller, extproc.Origin) (extproc.Target, error) {
			secretive()
			return extproc.Target{}, nil
		}
	}, 500, ""},
	"no backend": {"/whole", func(s *sidecar) {
		s.backend.target = func(string, translator.Caller, extproc.Origin) (extproc.Target, error) { return extproc.Target{}, nil }
	}, 500, ""},
	"models of a caller": {"/whole", func(s *sidecar) {
		s.backend.target = func(string, translator.Caller, extproc.Origin) (extproc.Target, error) {
			return extproc.Target{Allow: func(string) error { secretive(); return nil }}, nil
		}
	}, 500, ""},
	"decode": {"/stream", func(s *sidecar) {
		s.dialect.decode = func(translator.Request) (*translator.Call, error) { secretive(); return nil, nil }
	}, 500, ""},
	"nil call": {"/stream", func(s *sidecar) {
		s.dialect.decode = func(translator.Request) (*translator.Call, error) { return nil, nil }
	}, 500, ""},
	"call": {"/whole", func(s *sidecar) {
		s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
			secretive()
			return nil, translator.Facts{}, nil
		}
	}, 500, ""},
	"reply": {"/whole", func(s *sidecar) {
		s.dialect.encodeReply = func([]byte, translator.Facts) (translator.Response, translator.Summary, error) {
			secretive()
			return translator.Response{}, translator.Summary{}, nil
		}
	}, 500, ""},
	"start of a stream": {"/stream", func(s *sidecar) {
		s.backend.converseStream = panicking(script(step{err: errWantPanic}))
	}, 500, ""},
	"stream without a sequence": {"/stream", func(s *sidecar) {
		s.backend.converseStream = func(context.Context, *translator.Call, translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
			return func(func(translator.Event, error) bool) { secretive() }, bedrockFacts, nil
		}
	}, 500, ""},
	"new stream": {"/stream", func(s *sidecar) {
		s.dialect.newStream = func(translator.Facts) translator.Stream { secretive(); return nil }
	}, 500, ""},
	"first event": {"/stream", func(s *sidecar) {
		s.dialect.appendEvent = func([]byte, translator.Event) ([]byte, error) { secretive(); return nil, nil }
	}, 500, ""},
	"later event": {"/stream", func(s *sidecar) {
		s.dialect.appendEvent = appendUntil("two")
	}, 200, data("one") + data("error internal_error id-1")},
	"event loop": {"/stream", func(s *sidecar) {
		s.backend.converseStream = func(context.Context, *translator.Call, translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
			return func(yield func(translator.Event, error) bool) {
				yield(translator.Event{Payload: []byte("one")}, nil)
				secretive()
			}, bedrockFacts, nil
		}
	}, 200, data("one") + data("error internal_error id-1")},
	"end of the stream": {"/stream", func(s *sidecar) {
		s.dialect.appendEnd = func([]byte) []byte { secretive(); return nil }
	}, 200, data("one") + data("two") + data("end_turn") + data("error internal_error id-1")},
	"stream headers": {"/stream", func(s *sidecar) {
		s.dialect.streamHeaders = func(translator.Facts) []translator.Header { secretive(); return nil }
	}, 500, ""},
	"summary": {"/stream", func(s *sidecar) {
		s.dialect.summary = func() translator.Summary { secretive(); return translator.Summary{} }
	}, 200, data("one") + data("two") + data("end_turn") + data("end")},
	"encoding an error": {"/whole", func(s *sidecar) {
		s.dialect.encodeError = func(*translator.Error) translator.Response { secretive(); return translator.Response{} }
		s.backend.target = func(string, translator.Caller, extproc.Origin) (extproc.Target, error) {
			return extproc.Target{}, refusal()
		}
	}, 429, `{"detail":"The sidecar failed while handling this request; its log names the cause."}`},
	"encoding a panic's error": {"/whole", func(s *sidecar) {
		s.dialect.encodeError = func(*translator.Error) translator.Response { secretive(); return translator.Response{} }
		s.dialect.decode = func(translator.Request) (*translator.Call, error) { secretive(); return nil, nil }
	}, 500, `{"detail":"The sidecar failed while handling this request; its log names the cause."}`},
	"encoding a late error": {"/stream", func(s *sidecar) {
		s.dialect.appendEvent = appendUntil("two")
		s.dialect.appendError = func([]byte, *translator.Error) []byte { secretive(); return nil }
	}, 200, data("one")},
}

func appendUntil(bad string) func([]byte, translator.Event) ([]byte, error) {
	return func(dst []byte, ev translator.Event) ([]byte, error) {
		switch string(ev.Payload) {
		case bad:
			secretive()
		case "start":
			return dst, nil
		}
		return append(dst, data(string(ev.Payload))...), nil
	}
}

func TestPanicsBecomeAnswers(t *testing.T) {
	for name, test := range panics {
		for _, mode := range modesWithBody {
			t.Run(name+" "+mode.String(), func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					test.arrange(s)
					a := s.post(test.path, "", "x-request-id", "id-1").answer()
					if a.status != test.status {
						s.t.Errorf("status %d, want %d: %s", a.status, test.status, a.body())
					}
					if test.want == "" {
						if e := decodeError(s.t, a.body()); e.Kind != "internal_error" || e.RequestID != "id-1" {
							s.t.Errorf("error %+v", e)
						}
					} else if a.body() != test.want {
						s.t.Errorf("body %q, want %q", a.body(), test.want)
					}
					s.checkSecrets("body", a.body())
					s.checkSecrets("details", a.details)
					s.checkPanicLog()
					if o := s.outcome(); o.ClientGone || o.Facts.RequestID != "id-1" {
						s.t.Errorf("outcome %+v", o)
					}
					s.works()
				})
			})
		}
	}
}

// checkPanicLog checks that the log has a stack that leads to the panic.
func (s *sidecar) checkPanicLog() {
	s.t.Helper()
	logs := s.logs.FilterMessage("panic").All()
	if len(logs) == 0 {
		s.t.Fatal("no log line tells of the panic")
	}
	for _, e := range logs {
		stack, is := e.ContextMap()["stack"].(string)
		if !is || e.ContextMap()["request_id"] != "id-1" || !strings.Contains(stack, "runtime.gopanic") && !strings.Contains(stack, "runtime.panic") {
			s.t.Errorf("log %v", e.ContextMap())
		}
	}
}

func TestPanicOfAPage(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		a := s.get("/healthz").answer()
		if a.status != 500 || decodeError(s.t, a.body()).Kind != "internal_error" {
			s.t.Errorf("answer %+v", a)
		}
		s.works()
	}, func(s *sidecar) {
		s.pages = []extproc.PageRoute{{Pattern: "/healthz", Page: func(extproc.PageRequest) (translator.Response, error) {
			secretive()
			return translator.Response{}, nil
		}}}
	})
}

// A panic of Observe must not affect other requests.
func TestPanicOfObserve(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		for range 2 {
			if a := s.post("/whole", "").answer(); a.status != 200 {
				s.t.Errorf("status %d", a.status)
			}
		}
	}, func(s *sidecar) { s.cfg.Observe = func(extproc.Outcome) { secretive() } })
}

// The runtime's own panics have a text without content, which is logged.
func TestRuntimePanicIsLogged(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
			beyond := len(req.Body)
			return nil, fmt.Errorf("byte %d", req.Body[beyond])
		}
		s.post("/whole", "").answer()
		if text := s.logs.All()[0].ContextMap()["panic"]; text != "runtime error: index out of range [11] with length 11" {
			s.t.Errorf("panic %v", text)
		}
	})
}
