package bedrock

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

const (
	benchDeltas  = 500
	benchRequest = `{"inferenceConfig":{"maxTokens":100},"messages":[` +
		`{"content":[{"text":"What is 2+2?"}],"role":"user"},{"content":[{"text":"4"}],"role":"assistant"},` +
		`{"content":[{"text":"And 3+3?"}],"role":"user"}],"system":[{"text":"Be brief."}]}`
	benchReply = `{"metrics":{"latencyMs":551},"output":{"message":{"content":[{"text":"That is six."}],"role":"assistant"}},` +
		`"stopReason":"end_turn","usage":{"inputTokens":30,"outputTokens":7,"serverToolUsage":{},"totalTokens":37}}`
)

// canned answers from memory, so that a benchmark measures the client's own work.
type canned struct{ stream []byte }

// RoundTrip serves our client, Do the SDK's.
func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	header := http.Header{"X-Amzn-Requestid": {"req-1"}, "Content-Type": {"application/json"}}
	body := []byte(benchReply)
	if strings.HasSuffix(req.URL.Path, "-stream") {
		header.Set("Content-Type", "application/vnd.amazon.eventstream")
		body = c.stream
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: header, Request: req,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

func (c canned) Do(req *http.Request) (*http.Response, error) { return c.RoundTrip(req) }

// A contender makes one call with one of the compared clients.
type contender func(b *testing.B)

// compare measures two contenders, each alone and both in turns: the ratio then does
// not depend on the machine's other load.
func compare(b *testing.B, nameA string, ours contender, nameZ string, theirs contender) {
	for name, run := range map[string]contender{nameA: ours, nameZ: theirs} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b)
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		var a, z time.Duration
		for b.Loop() {
			began := time.Now()
			ours(b)
			between := time.Now()
			theirs(b)
			a, z = a+between.Sub(began), z+time.Since(between)
		}
		b.ReportMetric(float64(z)/float64(a), strings.ReplaceAll(nameZ+"/"+nameA, " ", "-"))
	})
}

// bench returns a backend and an SDK client that get the same answers.
func bench(b *testing.B) (*Backend, *bedrockruntime.Client) {
	bedrocktest.Isolate(b)
	var stream []byte
	whole := bedrocktest.Answer("hi")
	for i, f := range whole {
		stream = append(stream, f...)
		for n := 0; i == 1 && n < benchDeltas-1; n++ {
			stream = append(stream, bedrocktest.Event("contentBlockDelta",
				fmt.Sprintf(`{"contentBlockIndex":0,"delta":{"text":" word %d"},"p":"abcdefghijklmnopqrstuvwxyzABC"}`, n))...)
		}
	}
	typed := bedrockruntime.New(bedrockruntime.Options{
		Region:       "us-west-2",
		BaseEndpoint: new("http://bedrock.test"),
		Credentials:  credentials.NewStaticCredentialsProvider(caller.AccessKeyID, caller.SecretAccessKey, ""),
		HTTPClient:   canned{stream},
		Retryer:      aws.NopRetryer{},
	})
	return newTestBackend(b, Config{RoundTripper: canned{stream}}, "http://bedrock.test"), typed
}

// typedRequest is benchRequest in the SDK's types.
func typedRequest() *bedrockruntime.ConverseInput {
	say := func(role types.ConversationRole, text string) types.Message {
		return types.Message{Role: role, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: text}}}
	}
	return &bedrockruntime.ConverseInput{
		ModelId:         new("us.anthropic.claude-sonnet-4-20250514-v1:0"),
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: new(int32(100))},
		Messages:        []types.Message{say("user", "What is 2+2?"), say("assistant", "4"), say("user", "And 3+3?")},
		System:          []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: "Be brief."}},
	}
}

func BenchmarkConverse(b *testing.B) {
	backend, typed := bench(b)
	in := typedRequest()
	request := call(*in.ModelId, benchRequest)
	ours := func(caller translator.Caller) contender {
		return func(b *testing.B) {
			if _, _, err := backend.Converse(b.Context(), request, caller); err != nil {
				b.Fatal(err)
			}
		}
	}
	theirs := func(b *testing.B) {
		if out, err := typed.Converse(b.Context(), in); err != nil || out.Output == nil {
			b.Fatal(err)
		}
	}
	b.Run("own keys", func(b *testing.B) { compare(b, "ours", ours(translator.Caller{}), "SDK", theirs) })
	b.Run("caller's keys", func(b *testing.B) { compare(b, "ours", ours(caller), "SDK", theirs) })
}

// BenchmarkCallers compares 64 callers in turns with one caller: keys that change
// with every call must not cost more.
func BenchmarkCallers(b *testing.B) {
	backend, _ := bench(b)
	callers := make([]translator.Caller, 64)
	for i := range callers {
		callers[i] = translator.Caller{AccessKeyID: fmt.Sprintf("AKIDCALLER%02d", i), SecretAccessKey: fmt.Sprintf("caller-secret-%02d", i)}
	}
	request := call("us.anthropic.claude-sonnet-4-20250514-v1:0", benchRequest)
	say := func(who translator.Caller) {
		if _, _, err := backend.Converse(b.Context(), request, who); err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	rotating := func(*testing.B) {
		n++
		say(callers[n%len(callers)])
	}
	one := func(*testing.B) { say(callers[0]) }
	compare(b, "one caller", one, "64 callers", rotating)
}

func BenchmarkConverseStream(b *testing.B) {
	backend, typed := bench(b)
	whole := typedRequest()
	in := &bedrockruntime.ConverseStreamInput{ModelId: whole.ModelId, InferenceConfig: whole.InferenceConfig, Messages: whole.Messages, System: whole.System}
	request := call(*in.ModelId, benchRequest)
	ours := func(b *testing.B) {
		events, _, err := backend.ConverseStream(b.Context(), request, translator.Caller{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range events {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != benchDeltas+4 {
			b.Fatalf("%d events", n)
		}
	}
	theirs := func(b *testing.B) {
		out, err := typed.ConverseStream(b.Context(), in)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for range out.GetStream().Events() {
			n++
		}
		if err := out.GetStream().Close(); err != nil || n != benchDeltas+4 {
			b.Fatalf("%d events, %v", n, err)
		}
	}
	compare(b, "ours", ours, "SDK", theirs)
}
