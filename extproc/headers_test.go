package extproc_test

import (
	"context"
	"iter"
	"maps"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

func TestResponseHeaders(t *testing.T) {
	facts := func(extra map[string]string) map[string]string {
		all := map[string]string{
			"x-request-id": "id-1", "x-correlation-id": "cor-1",
			"x-bedrock-backend": "main", "x-bedrock-region": "eu-west-1",
			"x-bedrock-request-id": "aws-1", "x-bedrock-attempts": "1",
		}
		maps.Copy(all, extra)
		return all
	}
	stream := map[string]string{
		"content-type": "text/event-stream", "cache-control": "no-cache, no-transform", "x-accel-buffering": "no",
	}
	throttled := func(s *sidecar) {
		s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
			return nil, bedrockFacts, refusal()
		}
	}
	tests := map[string]struct {
		mode    bodyMode
		path    string
		arrange func(s *sidecar)
		want    map[string]string
	}{
		"whole":           {modeFullDuplex, "/whole", nil, facts(map[string]string{"content-type": "application/json"})},
		"streamed":        {modeFullDuplex, "/stream", nil, facts(stream)},
		"buffered stream": {modeBuffered, "/stream", nil, facts(stream)},
		"throttled": {modeFullDuplex, "/whole", throttled, facts(map[string]string{
			"content-type": "application/json", "retry-after": "2", // 1.5 s, rounded up
		})},
		"wrong method": {modeFullDuplex, "/healthz", nil, map[string]string{
			"x-request-id": "id-1", "x-correlation-id": "cor-1", "content-type": "application/json", "allow": "GET, HEAD",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				s.envoy.mode = test.mode
				if test.arrange != nil {
					test.arrange(s)
				}
				a := s.post(test.path, "", "x-request-id", "id-1", "x-correlation-id", "cor-1").answer()
				if diff := cmp.Diff(test.want, a.header); diff != "" {
					s.t.Errorf("headers (-want +got):\n%s", diff)
				}
			}, healthz)
		})
	}
}

// After a comment, the headers were sent before Bedrock answered.
func TestHeadersBeforeTheFacts(t *testing.T) {
	bubble(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		time.Sleep(extproc.DefaultKeepAlive)
		synctest.Wait()
		close(steps)
		a := c.answer()
		if _, is := a.header["x-bedrock-region"]; is || a.metadata["region"] != "eu-west-1" {
			s.t.Errorf("headers %v, metadata %v", a.header, a.metadata)
		}
	})
}

var generatedID = regexp.MustCompile(`^[0-9a-f]{32}$`)

func TestIDs(t *testing.T) {
	tests := map[string]struct {
		headers                []string
		wantID, wantCorrelated string // "" means generated, and the same as the id
	}{
		"none":                {nil, "", ""},
		"both":                {[]string{"x-request-id", "id 1", "x-correlation-id", "cor~1"}, "id 1", "cor~1"},
		"the request's":       {[]string{"x-request-id", "id-1"}, "id-1", "id-1"},
		"its own correlation": {[]string{"x-correlation-id", "cor-1"}, "", "cor-1"},
		"twice":               {[]string{"x-request-id", "id-1", "x-request-id", "id-2"}, "id-1", "id-1"},
		"a line break":        {[]string{"x-request-id", "a\r\nset-cookie: b", "x-correlation-id", "a\nb"}, "", ""},
		"a zero byte":         {[]string{"x-request-id", "a\x00b"}, "", ""},
		"not ASCII":           {[]string{"x-request-id", "é", "x-correlation-id", "\xff"}, "", ""},
		"very long":           {[]string{"x-request-id", strings.Repeat("x", 513)}, "", ""},
		"just short enough":   {[]string{"x-request-id", strings.Repeat("x", 512)}, strings.Repeat("x", 512), strings.Repeat("x", 512)},
	}
	for name, test := range tests {
		for _, path := range []string{"/whole", "/stream", "/nowhere", "/healthz"} {
			t.Run(name+path, func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					var facts translator.Facts
					s.dialect.encodeReply = func(_ []byte, f translator.Facts) (translator.Response, translator.Summary, error) {
						facts = f
						return jsonResponse(200, "{}"), translator.Summary{}, nil
					}
					a := s.post(path, "", test.headers...).answer()
					id, correlated := a.header["x-request-id"], a.header["x-correlation-id"]
					if id != test.wantID && (test.wantID != "" || !generatedID.MatchString(id)) {
						s.t.Errorf("request id %q, want %q", id, test.wantID)
					}
					if correlated != test.wantCorrelated && (test.wantCorrelated != "" || correlated != id) {
						s.t.Errorf("correlation id %q, want %q", correlated, test.wantCorrelated)
					}
					if o := s.outcome(); o.Facts.RequestID != id || path == "/whole" && facts.RequestID != id {
						s.t.Errorf("outcome has %q, the encoder got %q, want %q", o.Facts.RequestID, facts.RequestID, id)
					}
				}, healthz)
			})
		}
	}
}

func TestGeneratedIDsDiffer(t *testing.T) {
	bubble(t, func(s *sidecar) {
		first, second := s.get("/a").answer(), s.get("/b").answer()
		if first.header["x-request-id"] == second.header["x-request-id"] {
			s.t.Errorf("two requests with the id %s", first.header["x-request-id"])
		}
	})
}

// One bad byte in a header makes Envoy reject the whole answer; one in a string of
// dynamic metadata makes protobuf reject the message. A control character could forge a
// line of Envoy's access log.
func TestBadBytesFromBedrockAreLeftOut(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		t.Run(path, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				bad := translator.Facts{Backend: "main", Region: "a\r\nb: c", AWSRequestID: "a\xffb", ModelID: strings.Repeat("m", 9<<10)}
				s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
					return nil, bad, nil
				}
				s.backend.converseStream = withFacts(scripted("one"), bad)
				s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
					return &translator.Call{Model: "m\xff\r\n\x1b\u009b\u2028", Streaming: req.Streaming, Encoder: &s.dialect.fakeEncoder}, nil
				}
				model := "m" + strings.Repeat("\uFFFD", 6)
				a := s.post(path, "").answer()
				if a.status != 200 || a.header["x-bedrock-backend"] != "main" {
					s.t.Errorf("answer %+v", a)
				}
				for _, key := range []string{"x-bedrock-region", "x-bedrock-request-id", "x-bedrock-attempts"} {
					if value, is := a.header[key]; is {
						s.t.Errorf("header %s: %q", key, value)
					}
				}
				id, is := a.metadata["model_id"].(string)
				if !is || len(id) != 2048 || a.metadata["aws_request_id"] != "a�b" || a.metadata["model"] != model || a.metadata["region"] != "a��b: c" {
					s.t.Errorf("metadata %v", a.metadata)
				}
				if o := s.outcome(); o.Model != model {
					s.t.Errorf("model %q", o.Model)
				}
			})
		})
	}
}

func withFacts(f streamFunc, facts translator.Facts) streamFunc {
	return func(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
		events, _, err := f(ctx, call, caller)
		return events, facts, err
	}
}

// The headers of a request decide its credentials and its backend.
func TestRequestHeaders(t *testing.T) {
	tests := map[string]struct {
		headers  []string
		caller   translator.Caller
		provider string
	}{
		"nothing": {nil, translator.Caller{}, ""},
		"keys": {
			[]string{"x-aws-access-key-id", "a", "x-aws-secret-access-key", "s"},
			translator.Caller{AccessKeyID: "a", SecretAccessKey: "s"},
			"",
		},
		"half a key pair":       {[]string{"x-aws-access-key-id", "a", "x-aws-region", "r"}, translator.Caller{}, ""},
		"the other half":        {[]string{"x-aws-secret-access-key", "s", "x-aws-session-token", "t"}, translator.Caller{}, ""},
		"a region without keys": {[]string{"x-aws-region", "r"}, translator.Caller{}, ""},
		"keys and region": {
			[]string{"x-aws-access-key-id", "a", "x-aws-secret-access-key", "s", "x-aws-region", "r", "x-aws-session-token", "t"},
			translator.Caller{AccessKeyID: "a", SecretAccessKey: "s", SessionToken: "t", Region: "r"},
			"",
		},
		"provider":      {[]string{"x-provider", "p", "x-provider-llm", "l"}, translator.Caller{}, "l"},
		"two providers": {[]string{"x-provider-llm", "", "x-provider-llm", "l", "x-provider-llm", "m"}, translator.Caller{}, "l"},
		"nothing else":  {[]string{"x-aws-endpoint", "e", "x-aws-role", "r", "host", "h"}, translator.Caller{}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				var provider, agent string
				var caller translator.Caller
				s.backend.target = func(name string, caller translator.Caller, _ extproc.Origin) (extproc.Target, error) {
					provider = name
					return s.backend.any(caller), nil
				}
				s.backend.converse = func(_ context.Context, _ *translator.Call, c translator.Caller) ([]byte, translator.Facts, error) {
					caller = c
					return nil, bedrockFacts, nil
				}
				s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
					agent = req.Header("user-agent")
					return &translator.Call{Encoder: &s.dialect.fakeEncoder}, nil
				}
				headers := append([]string{":method", "POST", ":path", "/whole", "user-agent", "curl/8"}, test.headers...)
				s.envoy.open(s.t, endOfStream, headers...).answer()
				if !cmp.Equal(test.caller, caller) || provider != test.provider || agent != "curl/8" {
					s.t.Errorf("caller %+v, provider %q, agent %q", caller, provider, agent)
				}
			})
		})
	}
}

// The choice of a backend sees what Envoy knows about a request, and does not see its
// headers.
func TestOriginOfACall(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.envoy.claims = &structpb.Struct{Fields: map[string]*structpb.Value{"sub": structpb.NewStringValue("ann")}}
		s.envoy.principal = "spiffe://x"
		s.envoy.initial = metadata.Pairs("tenant", "t")
		var got [][]string
		s.backend.target = func(_ string, caller translator.Caller, o extproc.Origin) (extproc.Target, error) {
			got = [][]string{
				o.Metadata([]string{"jwt", "sub"}), o.Attribute("source.principal"), o.InitialMetadata("tenant"),
				o.Metadata([]string{"jwt", "team"}), o.Attribute("source.address"), o.InitialMetadata("team"), o.InitialMetadata("x-tenant"),
			}
			return s.backend.any(caller), nil
		}
		a := s.post("/whole", "hello", "team", "boss", "x-tenant", "boss", "source.address", "boss", "jwt", `{"team":"boss"}`).answer()
		if diff := cmp.Diff([][]string{{"ann"}, {"spiffe://x"}, {"t"}, nil, nil, {}, {}}, got, cmpopts.EquateEmpty()); diff != "" || a.status != 200 {
			s.t.Error(a.status, diff)
		}
	})
}
