package extproc_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/extproc"
	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
)

// Time is a bubble's: it passes only when a test lets it.
func TestOutcomes(t *testing.T) {
	facts := bedrockFacts
	facts.RequestID = "id-1"
	unknown := translator.Facts{RequestID: "id-1"}
	in := len(prompt)
	tests := map[string]struct {
		run  func(s *sidecar) *call
		want extproc.Outcome
	}{
		"whole": {
			func(s *sidecar) *call {
				reply := make(chan string)
				s.backend.converse = gate(reply)
				c := s.post("/whole?x", "", "x-request-id", "id-1")
				time.Sleep(3 * time.Second)
				reply <- "hello"
				return c
			},
			extproc.Outcome{
				Duration: 3 * time.Second, FirstByte: 3 * time.Second, Method: "POST", Path: "/whole", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel,
				Facts: facts, Summary: spent, Status: 200, BytesIn: in,
			},
		},
		"streamed": {
			func(s *sidecar) *call {
				steps := make(chan step)
				s.backend.converseStream = live(steps)
				c := s.post("/stream", "", "x-request-id", "id-1")
				time.Sleep(2 * time.Second)
				steps <- delta("one")
				time.Sleep(4 * time.Second)
				steps <- messageStop
				close(steps)
				return c
			},
			extproc.Outcome{
				Duration: 6 * time.Second, FirstByte: 2 * time.Second, Method: "POST", Path: "/stream", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel, Streaming: true,
				Facts: facts, Summary: translator.Summary{StopReason: "end_turn", OutputTokens: 2, UsageKnown: true},
				Status: 200, BytesIn: in, FirstToken: 2 * time.Second, LastToken: 6 * time.Second,
			},
		},
		"streamed, the start has no bytes": {
			func(s *sidecar) *call {
				steps := make(chan step)
				s.backend.converseStream = live(steps)
				c := s.post("/stream", "", "x-request-id", "id-1")
				time.Sleep(time.Second)
				steps <- messageStart
				time.Sleep(2 * time.Second)
				steps <- delta("one")
				time.Sleep(time.Second)
				steps <- messageStop
				close(steps)
				return c
			},
			extproc.Outcome{
				Duration: 4 * time.Second, FirstByte: 3 * time.Second, Method: "POST", Path: "/stream", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel, Streaming: true,
				Facts: facts, Summary: translator.Summary{StopReason: "end_turn", OutputTokens: 3, UsageKnown: true},
				Status: 200, BytesIn: in, FirstToken: 3 * time.Second, LastToken: 4 * time.Second, StartWait: 2 * time.Second,
			},
		},
		"early error": {
			func(s *sidecar) *call {
				s.backend.converseStream = script(step{err: refusal()})
				return s.post("/stream", "", "x-request-id", "id-1")
			},
			extproc.Outcome{
				Method: "POST", Path: "/stream", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel, Streaming: true, Facts: facts, Status: 429,
				ErrorKind: translator.KindThrottled, ErrorClass: "dns", AWSError: "ThrottlingException", BytesIn: in,
			},
		},
		"late error": {
			func(s *sidecar) *call {
				s.backend.converseStream = script(delta("one"), step{err: refusal()})
				return s.post("/stream", "", "x-request-id", "id-1")
			},
			extproc.Outcome{
				Method: "POST", Path: "/stream", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel, Streaming: true, Facts: facts, Status: 200,
				Summary:   translator.Summary{OutputTokens: 1, UsageKnown: true},
				ErrorKind: translator.KindThrottled, ErrorClass: "dns", AWSError: "ThrottlingException", BytesIn: in,
			},
		},
		"refusal": {
			func(s *sidecar) *call { return s.post("/nowhere", "", "x-request-id", "id-1") },
			extproc.Outcome{
				Method: "POST", Path: "/nowhere", Facts: unknown, Status: 404,
				ErrorKind: translator.KindUnknownPath, BytesIn: in,
			},
		},
		"page": {
			func(s *sidecar) *call {
				return s.envoy.open(s.t, endOfStream, requestHeaders("GET", "/healthz", "x-request-id", "id-1")...)
			},
			extproc.Outcome{
				Method: "GET", Path: "/healthz", Facts: unknown, Status: 200,
			},
		},
		"gone in a whole call": {
			func(s *sidecar) *call {
				s.backend.converse = gate(nil)
				c := s.post("/whole", "", "x-request-id", "id-1")
				time.Sleep(time.Second)
				c.leave()
				return c
			},
			extproc.Outcome{
				Duration: time.Second, Method: "POST", Path: "/whole", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel, Facts: facts, ClientGone: true, BytesIn: in,
			},
		},
		"gone mid-stream": {
			func(s *sidecar) *call {
				steps := make(chan step)
				s.backend.converseStream = live(steps)
				c := s.post("/stream", "", "x-request-id", "id-1")
				steps <- delta("one")
				time.Sleep(time.Second)
				c.leave()
				return c
			},
			extproc.Outcome{
				Duration: time.Second, Method: "POST", Path: "/stream", API: "fake", Model: "model-1", ModelLabel: extproc.OtherModel, Streaming: true, Facts: facts,
				Summary: translator.Summary{OutputTokens: 1, UsageKnown: true}, Status: 200, ClientGone: true,
				BytesIn: in,
			},
		},
		"gone in the upload": {
			func(s *sidecar) *call {
				c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole", "x-request-id", "id-1")...)
				c.body("abc", false)
				time.Sleep(time.Second)
				c.leave()
				return c
			},
			extproc.Outcome{
				Duration: time.Second, Method: "POST", Path: "/whole", API: "fake", Facts: unknown, ClientGone: true, BytesIn: 3,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				test.want.Facts.Start = time.Now()
				a := test.run(s).wait()
				test.want.BytesOut = len(a.body())
				if diff := cmp.Diff(test.want, s.outcome()); diff != "" {
					s.t.Errorf("outcome (-want +got):\n%s", diff)
				}
			}, healthz)
		})
	}
}

// The record of a request is small whatever the client sends. Records are kept after their
// requests: the latest ones, and those of spans that wait for a collector.
func TestRecordsAreSmall(t *testing.T) {
	const requests, size = 100, 60 << 10 // all headers that Envoy accepts by default
	const most = 24 << 10                // bytes of a record, and of what the test keeps of a call
	long, blanks := strings.Repeat("x", size), strings.Repeat(" ", size)
	for name, headers := range map[string][]string{
		"query":         requestHeaders("POST", "/whole?"+long),
		"path":          requestHeaders("POST", "/nowhere/"+long),
		"method":        requestHeaders("POST"+long, "/whole"),
		"request id":    requestHeaders("POST", "/whole", "x-request-id", long),
		"trace context": requestHeaders("POST", "/whole", "traceparent", long, "tracestate", long),
		"another":       requestHeaders("POST", "/whole", "x-other", long),
		"model":         requestHeaders("POST", "/whole"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				s.works()
				s.dialect.decode = func(translator.Request) (*translator.Call, error) {
					return &translator.Call{Model: strings.TrimSpace(blanks + "m"), Encoder: &s.dialect.fakeEncoder}, nil
				}
				s.backend.converse = func(_ context.Context, call *translator.Call, _ translator.Caller) ([]byte, translator.Facts, error) {
					facts := translator.Facts{Backend: "main", ModelID: call.Model, Trail: []translator.Attempt{{ModelID: call.Model}}}
					return nil, facts, nil
				}
				idle := worktest.Heap()
				for range requests {
					s.envoy.open(s.t, endOfStream, headers...).answer()
				}
				synctest.Wait()
				if kept := (worktest.Heap() - idle) / requests; kept > most {
					s.t.Errorf("%d KiB are kept for each request", kept>>10)
				}
			})
		})
	}
}

// The overhead is what remains of the time to the first byte without the upload and without
// all waits for Bedrock.
func TestOverhead(t *testing.T) {
	answered := func(change func(*extproc.Outcome)) extproc.Outcome {
		o := extproc.Outcome{Upload: time.Second, FirstByte: 10 * time.Second}
		o.Facts.Trail = []translator.Attempt{{Wait: 2 * time.Second, Pause: time.Second}, {Wait: 5 * time.Second}}
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		outcome extproc.Outcome
		want    time.Duration
		known   bool
	}{
		"answered":               {answered(func(*extproc.Outcome) {}), time.Second, true},
		"a start without bytes":  {answered(func(o *extproc.Outcome) { o.StartWait = 500 * time.Millisecond }), 500 * time.Millisecond, true},
		"headers before Bedrock": {answered(func(o *extproc.Outcome) { o.FirstByte = 5 * time.Second }), 0, false},
		"failed":                 {answered(func(o *extproc.Outcome) { o.ErrorKind = translator.KindTimeout }), 0, false},
		"nothing sent":           {answered(func(o *extproc.Outcome) { o.FirstByte = 0 }), 0, false},
		"Bedrock not called":     {answered(func(o *extproc.Outcome) { o.Facts.Trail = nil }), 0, false},
	} {
		if got, known := c.outcome.Overhead(); known != c.known || known && got != c.want {
			t.Errorf("%s: %v, %t, want %v, %t", name, got, known, c.want, c.known)
		}
	}
}

func TestDynamicMetadata(t *testing.T) {
	all := map[string]any{
		"api": "fake", "model": "model-1", "backend": "main", "region": "eu-west-1", "model_id": "eu.model-1", "aws_request_id": "aws-1",
		"stop_reason": "max_tokens", "attempts": 1.0, "guardrail_action": "none",
		"input_tokens": 1.0, "output_tokens": 2.0, "cache_read_tokens": 3.0, "cache_write_tokens": 4.0, "total_tokens": 10.0,
	}
	summary := translator.Summary{
		StopReason: "max_tokens", InputTokens: 1, OutputTokens: 2, CacheReadTokens: 3, CacheWriteTokens: 4, UsageKnown: true,
	}
	for _, path := range []string{"/whole", "/stream"} {
		for _, mode := range modesWithBody {
			t.Run(path+" "+mode.String(), func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					s.envoy.mode = mode
					s.dialect.encodeReply = func([]byte, translator.Facts) (translator.Response, translator.Summary, error) {
						return jsonResponse(200, "{}"), summary, nil
					}
					s.dialect.summary = func() translator.Summary { return summary }
					s.dialect.decode = func(r translator.Request) (*translator.Call, error) {
						return &translator.Call{Model: "model-1", Streaming: r.Streaming, Guarded: true, Encoder: &s.dialect.fakeEncoder}, nil
					}
					a := s.post(path, "").answer()
					if diff := cmp.Diff(all, a.metadata); diff != "" {
						s.t.Errorf("metadata (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

func TestMetadataWithoutUsage(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
			return nil, translator.Facts{}, refusal()
		}
		want := map[string]any{
			"api": "fake", "model": "model-1", "backend": "main", "region": "eu-west-1", "model_id": "eu.model-1", "aws_request_id": "aws-1",
			"attempts": 1.0, "error": "bedrock_throttled",
		}
		if diff := cmp.Diff(want, s.post("/whole", "").answer().metadata); diff != "" {
			s.t.Errorf("metadata (-want +got):\n%s", diff)
		}
	})
}
