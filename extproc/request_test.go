package extproc_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// capture keeps the last body that the dialect was given.
func (s *sidecar) capture() *string {
	var body string
	s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
		body = string(req.Body)
		return &translator.Call{Model: "m", Streaming: req.Streaming, Encoder: &s.dialect.fakeEncoder}, nil
	}
	return &body
}

func TestRequestEnds(t *testing.T) {
	tests := map[string]struct {
		send func(c *call)
		want string
	}{
		"with the headers":           {nil, ""},
		"with the only body message": {func(c *call) { c.body("abc", endOfStream) }, "abc"},
		"with the last body message": {func(c *call) { c.body("a", false); c.body("bc", endOfStream) }, "abc"},
		"with an empty body message": {func(c *call) { c.body("abc", false); c.body("", endOfStream) }, "abc"},
		"after empty body messages":  {func(c *call) { c.body("", false); c.body("", false); c.body("abc", endOfStream) }, "abc"},
		"with trailers":              {func(c *call) { c.body("abc", false); c.trailers() }, "abc"},
		"with trailers and no body":  {func(c *call) { c.trailers() }, ""},
		"with a body of two megabytes": {func(c *call) {
			for range 20 {
				c.body(strings.Repeat("x", 100<<10), false)
			}
			c.body("", endOfStream)
		}, strings.Repeat("x", 2000<<10)},
	}
	for name, test := range tests {
		for _, path := range []string{"/whole", "/stream"} {
			t.Run(name+path, func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					body := s.capture()
					c := s.envoy.open(s.t, test.send == nil, requestHeaders("POST", path)...)
					if test.send != nil {
						test.send(c)
					}
					if a := c.answer(); a.status != 200 {
						s.t.Errorf("status %d: %s", a.status, a.body())
					}
					if *body != test.want {
						s.t.Errorf("the dialect got %d bytes, want %d", len(*body), len(test.want))
					}
					if o := s.outcome(); o.BytesIn != len(test.want) || o.ClientGone {
						s.t.Errorf("outcome %+v", o)
					}
				})
			})
		}
	}
}

func TestMessagesAfterTheEndAreIgnored(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		t.Run(path, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				body := s.capture()
				reply, steps := make(chan string), make(chan step)
				s.backend.converse, s.backend.converseStream = gate(reply), live(steps)
				c := s.envoy.open(s.t, false, requestHeaders("POST", path)...)
				c.body("abc", endOfStream)
				c.body("", endOfStream)
				c.body("more", endOfStream)
				c.trailers()
				c.send(&extprocv3.ProcessingRequest{}, endOfStream)
				if path == "/whole" {
					reply <- "hello"
				} else {
					steps <- delta("one")
					c.body("and more", endOfStream)
					close(steps)
				}
				if a := c.answer(); a.status != 200 {
					s.t.Errorf("status %d", a.status)
				}
				if *body != "abc" {
					s.t.Errorf("the dialect got %q", *body)
				}
			})
		})
	}
}

func TestBodyCap(t *testing.T) {
	small := func(s *sidecar) { s.cfg.MaxBodyBytes = 10 }
	tests := map[string]struct {
		length string // content-length, "" when the request has none
		parts  []string
		want   int
	}{
		"at the limit":                  {"10", []string{"0123456789"}, 200},
		"at the limit, chunked":         {"", []string{"01234", "56789"}, 200},
		"content-length over the limit": {"11", nil, 413},
		"over, chunked":                 {"", []string{"0123456789", "0"}, 413},
		"over a false content-length":   {"3", []string{"01234567890"}, 413},
		"a nonsense content-length":     {"-1e99", []string{"0123456789"}, 200},
	}
	for name, test := range tests {
		for _, mode := range modesWithBody {
			t.Run(name+" "+mode.String(), func(t *testing.T) {
				if mode == modeBuffered && len(test.parts) > 1 {
					t.Skip("a buffered body comes whole")
				}
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					headers := requestHeaders("POST", "/whole")
					if test.length != "" {
						headers = append(headers, "content-length", test.length)
					}
					c := s.envoy.open(s.t, false, headers...)
					for i, part := range test.parts {
						c.body(part, i == len(test.parts)-1)
					}
					a := c.answer()
					if a.status != test.want {
						s.t.Fatalf("status %d, want %d: %s", a.status, test.want, a.body())
					}
					if test.want == 200 {
						return
					}
					if a.details != "bedrock_extproc_request_too_large" || !strings.Contains(decodeError(s.t, a.body()).Message, "10 bytes") {
						s.t.Errorf("details %q, body %q", a.details, a.body())
					}
					s.works()
				}, small)
			})
		}
	}
}

var modesWithBody = []bodyMode{modeFullDuplex, modeBuffered}

// A client may announce any length; memory is only used for the bytes it sends.
func TestContentLengthIsNotTrusted(t *testing.T) {
	bubble(t, func(s *sidecar) {
		body := s.capture()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole", "content-length", strconv.Itoa(extproc.DefaultMaxBodyBytes))...)
		c.body("abc", endOfStream)
		if c.answer(); *body != "abc" {
			s.t.Errorf("the dialect got %q", *body)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 512<<10 {
			s.t.Errorf("%d bytes for a body of 3", used)
		}
	})
}

func TestBufferedModeAnswersHeadersFirst(t *testing.T) {
	tests := map[string]struct {
		send func(c *call)
		want string
	}{
		"one message": {func(c *call) { c.body("abc", endOfStream) }, "abc"},
		// Envoy keeps the trailers back until the body is answered.
		"trailers to come": {func(c *call) { c.body("abc", false) }, "abc"},
		"trailers only":    {func(c *call) { c.trailers() }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = modeBuffered
				body := s.capture()
				c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
				test.send(c)
				if a := c.answer(); a.status != 200 || !a.immediate {
					s.t.Errorf("answer %+v", a)
				}
				if *body != test.want {
					s.t.Errorf("the dialect got %q, want %q", *body, test.want)
				}
			})
		})
	}
}

func TestUnsupportedModesAreNamed(t *testing.T) {
	tests := map[string]struct {
		envoy func(e *fakeEnvoy)
		want  string
	}{
		"none":     {func(e *fakeEnvoy) { e.mode = modeNone }, "request_body_mode NONE"},
		"streamed": {func(e *fakeEnvoy) { e.mode = modeStreamed }, "request_body_mode STREAMED"},
		"partial":  {func(e *fakeEnvoy) { e.mode = modeBufferedPartial }, "request_body_mode BUFFERED_PARTIAL"},
		"old":      {func(e *fakeEnvoy) { e.silent = true }, "unknown request_body_mode"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				test.envoy(&s.envoy)
				a := s.envoy.open(s.t, false, requestHeaders("POST", "/stream")...).answer()
				s.checkUnsupported(&a, test.want)
			})
		})
	}
	t.Run("without headers", func(t *testing.T) {
		bubble(t, func(s *sidecar) {
			c := s.envoy.dial(s.t)
			c.body("abc", endOfStream)
			a := c.answer()
			s.checkUnsupported(&a, "request_header_mode SKIP")
		})
	})
}

func (s *sidecar) checkUnsupported(a *answer, want string) {
	s.t.Helper()
	e := decodeError(s.t, a.body())
	if a.status != 500 || a.details != "bedrock_extproc_unsupported_body_mode" || !strings.Contains(e.Message, want) {
		s.t.Errorf("status %d, details %s, message %q; want %q", a.status, a.details, e.Message, want)
	}
	if !strings.Contains(e.Hint, "request_body_mode: FULL_DUPLEX_STREAMED") {
		s.t.Errorf("the hint %q does not name the setting", e.Hint)
	}
	if o := s.outcome(); o.ErrorKind != translator.KindUnsupportedMode || o.ClientGone {
		s.t.Errorf("outcome %+v", o)
	}
}

// A request without a body can be answered in any mode.
func TestHeadersOnlyInAnyMode(t *testing.T) {
	for _, mode := range []bodyMode{modeNone, modeStreamed, modeBuffered, modeBufferedPartial, modeFullDuplex} {
		for _, path := range []string{"/whole", "/stream"} {
			t.Run(mode.String()+path, func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					if a := s.envoy.open(s.t, endOfStream, requestHeaders("POST", path)...).answer(); a.status != 200 {
						s.t.Errorf("status %d: %s", a.status, a.body())
					}
				})
			})
		}
	}
}

// gRPC itself ends an RPC whose message it cannot read; the log must say why Envoy
// got no answer.
func TestMessageOverTheReceiveLimit(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.envoy.mode = modeBuffered
		c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
		c.body(strings.Repeat("x", 2<<20), endOfStream)
		if a := c.wait(); a.complete {
			s.t.Errorf("an answer: %+v", a)
		}
		if o := s.outcome(); o.ErrorKind != translator.KindInternal || o.ClientGone || o.Status != 0 {
			s.t.Errorf("outcome %+v", o)
		}
		if n := s.logs.FilterMessageSnippet("receive limit").Len(); n != 1 {
			s.t.Errorf("%d log lines name the limit, want 1", n)
		}
	})
}
