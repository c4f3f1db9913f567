package extproc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// refusal is an error like a backend's.
func refusal() *translator.Error {
	return &translator.Error{
		Status: 429, Kind: translator.KindThrottled, Message: "Too many requests.", Retryable: true,
		Class:      "dns",
		RetryAfter: 1500 * time.Millisecond, AWSError: "ThrottlingException", Facts: bedrockFacts,
		Cause: errors.New("cause of " + prompt),
	}
}

func TestWhole(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		var got translator.Caller
		var requestID string
		s.backend.converse = func(_ context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error) {
			got, requestID = caller, call.RequestID
			return []byte(strings.TrimSuffix(string(call.Body), prompt)), bedrockFacts, nil
		}
		a := s.post("/whole?trace=1", "hello", "x-aws-region", "us-west-2", "x-request-id", "id-1").answer()
		if a.status != 200 || !a.immediate || a.body() != "reply: hello" || a.details != "bedrock_extproc_ok" {
			s.t.Errorf("answer %+v", a)
		}
		if requestID != "id-1" {
			s.t.Errorf("the backend's log would have the request id %q", requestID)
		}
		want := translator.Caller{
			AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: sessionToken, Region: "us-west-2",
		}
		if !cmp.Equal(want, got) {
			s.t.Errorf("caller: %s", cmp.Diff(want, got))
		}
	})
}

func TestLargeWholeAnswer(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 300<<10/16*10) // 3 MB
	tests := map[string]struct {
		mode bodyMode
		size int
		// pieces says that the answer may not come in one message.
		pieces bool
	}{
		"at the limit":     {modeFullDuplex, 1<<20 - len("reply: "), false},
		"over the limit":   {modeFullDuplex, 1<<20 - len("reply: ") + 1, true},
		"many times over":  {modeFullDuplex, len(text), true},
		"in BUFFERED mode": {modeBuffered, len(text), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = test.mode
				s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
					return []byte(text[:test.size]), bedrockFacts, nil
				}
				a := s.post("/whole", "").answer()
				if a.status != 200 || a.body() != "reply: "+text[:test.size] {
					s.t.Errorf("status %d, %d bytes, want %d", a.status, len(a.body()), test.size)
				}
				if a.immediate == test.pieces {
					s.t.Errorf("immediate: %v, in %d parts", a.immediate, len(a.parts))
				}
				for _, part := range a.parts {
					if test.pieces && len(part) > 64<<10 {
						s.t.Errorf("a piece of %d bytes", len(part))
					}
				}
				if _, is := a.header["content-length"]; is != test.pieces { // the fake Envoy checks its value
					s.t.Errorf("headers %v", a.header)
				}
				if a.metadata["output_tokens"] != 7.0 {
					s.t.Errorf("metadata %v", a.metadata)
				}
				if o := s.outcome(); o.BytesOut != len(a.body()) {
					s.t.Errorf("outcome %+v", o)
				}
			})
		})
	}
}

// An error of any length is an ImmediateResponse: a streamed answer has neither
// details nor these headers.
func TestLongErrorStaysWhole(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.dialect.encodeError = func(e *translator.Error) translator.Response {
			return jsonResponse(e.Status, string(make([]byte, 2<<20)))
		}
		s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
			return nil, bedrockFacts, refusal()
		}
		if a := s.post("/whole", "").answer(); !a.immediate || a.status != 429 || a.header["retry-after"] != "2" {
			s.t.Errorf("immediate %v, status %d, headers %v", a.immediate, a.status, a.header)
		}
	})
}

func TestFailureBeforeTheAnswer(t *testing.T) {
	invalid := &translator.Error{Status: 422, Kind: translator.KindMalformed, Message: "No."}
	tests := map[string]struct {
		arrange func(s *sidecar)
		status  int
		kind    translator.Kind
	}{
		"from the choice of a backend": {func(s *sidecar) {
			s.backend.target = func(name string, _ translator.Caller, _ extproc.Origin) (extproc.Target, error) {
				return extproc.Target{}, &translator.Error{Status: 400, Kind: translator.KindUnknownBackend, Message: name}
			}
		}, 400, translator.KindUnknownBackend},
		"from the request": {func(s *sidecar) {
			s.dialect.decode = func(translator.Request) (*translator.Call, error) { return nil, invalid }
		}, 422, translator.KindMalformed},
		"from the call": {func(s *sidecar) {
			s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
				return nil, bedrockFacts, refusal()
			}
			s.backend.converseStream = script(step{err: refusal()})
		}, 429, translator.KindThrottled},
		"an unknown error": {func(s *sidecar) {
			s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
				return nil, translator.Facts{}, errors.New(prompt)
			}
			s.backend.converseStream = script(step{err: errors.New(prompt)})
		}, 500, translator.KindInternal},
	}
	for name, test := range tests {
		for _, path := range []string{"/whole", "/stream"} {
			for _, mode := range modesWithBody {
				t.Run(name+path+" "+mode.String(), func(t *testing.T) {
					bothCloses(t, func(s *sidecar) {
						s.envoy.mode = mode
						test.arrange(s)
						a := s.post(path, "").answer()
						e := decodeError(s.t, a.body())
						if !a.immediate || a.status != test.status || a.details != "bedrock_extproc_"+string(test.kind) {
							s.t.Errorf("answer %+v", a)
						}
						if e.Kind != string(test.kind) || e.RequestID != a.header["x-request-id"] || strings.Contains(e.Message, prompt) {
							s.t.Errorf("error %+v", e)
						}
						if a.metadata["error"] != string(test.kind) {
							s.t.Errorf("metadata %v", a.metadata)
						}
						if o := s.outcome(); o.Status != test.status || o.ErrorKind != test.kind || o.ClientGone {
							s.t.Errorf("outcome %+v", o)
						}
						s.works()
					})
				})
			}
		}
	}
}

func TestReplyThatIsNotConverse(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.dialect.encodeReply = func([]byte, translator.Facts) (translator.Response, translator.Summary, error) {
			return translator.Response{}, translator.Summary{}, &translator.Error{Status: 500, Kind: translator.KindBadAnswer, Message: "No."}
		}
		a := s.post("/whole", "").answer()
		if a.status != 500 || a.details != "bedrock_extproc_bad_bedrock_answer" {
			s.t.Errorf("answer %+v", a)
		}
		// The error has no facts about the call; the exchange adds them.
		if e := decodeError(s.t, a.body()); e.Region != "eu-west-1" || s.outcome().Facts.AWSRequestID != "aws-1" {
			s.t.Errorf("error %+v, outcome %+v", e, s.outcome())
		}
	})
}
