package bedrock

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// seen is one event, copied.
type seen struct{ Kind, Payload string }

// collect runs a streaming call to its end.
func collect(ctx context.Context, b *Backend, c *translator.Call, caller translator.Caller) (events []seen, facts translator.Facts, err error) {
	sequence, facts, err := b.ConverseStream(ctx, c, caller)
	if err != nil {
		return nil, facts, err
	}
	for ev, err := range sequence {
		if err != nil {
			return events, facts, err
		}
		events = append(events, seen{ev.Kind, string(ev.Payload)})
	}
	return events, facts, nil
}

func TestConverseCarriesBytes(t *testing.T) {
	bedrocktest.Isolate(t)
	const request = `{ "messages": [{"role":"user","content":[{"text":"<ü>  "}]}],"z":1.50,"a":12345678901234567890}`
	const reply = `{"z":1.50, "output":{"message":{}},"a":12345678901234567890 }`
	var got struct{ Method, Path, Body, ContentType, Encoding string }
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Method, got.Path, got.Body = r.Method, r.RequestURI, string(body)
		got.ContentType, got.Encoding = r.Header.Get("Content-Type"), r.Header.Get("Accept-Encoding")
		_, _ = io.WriteString(w, reply)
	})
	b := newTestBackend(t, Config{}, url)
	raw, facts, err := b.Converse(t.Context(), call("arn:aws:bedrock:us-west-2:1:inference-profile/us.x-v1:0", request), translator.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != reply {
		t.Errorf("reply %q", raw)
	}
	if got.Method != "POST" || got.Path != "/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A1%3Ainference-profile%2Fus.x-v1%3A0/converse" ||
		got.Body != request || got.ContentType != "application/json" || got.Encoding != "identity" {
		t.Errorf("request %+v", got)
	}
	want := translator.Facts{AWSRequestID: "req-1", Backend: "here", Region: "us-west-2", ModelID: "arn:aws:bedrock:us-west-2:1:inference-profile/us.x-v1:0", Attempts: 1}
	if diff := cmp.Diff(want, facts, ignoreTrail); diff != "" {
		t.Error(diff)
	}
}

func TestConverseStreamYieldsEvents(t *testing.T) {
	bedrocktest.Isolate(t)
	frames := bedrocktest.Answer("hi")
	frames = append(frames[:2:2], append([][]byte{bedrocktest.Event("newKind", `{"x":1}`)}, frames[2:]...)...)
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/model/m/converse-stream" {
			http.NotFound(w, r)
			return
		}
		bedrocktest.SendStream(w, frames...)
	})
	b := newTestBackend(t, Config{}, url)
	events, facts, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	want := []seen{
		{"messageStart", `{"p":"ab","role":"assistant"}`},
		{"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"hi"},"p":"abc"}`},
		{"newKind", `{"x":1}`},
		{"contentBlockStop", `{"contentBlockIndex":0,"p":"a"}`},
		{"messageStop", `{"p":"ab","stopReason":"end_turn"}`},
		{"metadata", `{"metrics":{"latencyMs":7},"p":"ab","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}`},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
	if facts.Attempts != 1 || facts.AWSRequestID != "req-1" {
		t.Errorf("facts %+v", facts)
	}
}

func TestLookup(t *testing.T) {
	bedrocktest.Isolate(t)
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "us"}, {Name: "eu", Region: "eu-west-1", DefaultModel: "m"}}, Default: "eu"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bs.Lookup("")
	if err != nil || b.Name() != "eu" || b.Region() != "eu-west-1" || b.DefaultModel() != "m" {
		t.Errorf("default: %+v, %v", b, err)
	}
	b, err = bs.Lookup("us")
	if err != nil || b.Region() != "us-east-1" || b.DefaultModel() != "us.anthropic.claude-sonnet-4-20250514-v1:0" {
		t.Errorf("us: %+v, %v", b, err)
	}
	_, err = bs.Lookup("x")
	e, ok := errors.AsType[*translator.Error](err)
	if !ok || e.Status != 400 || e.Kind != translator.KindUnknownBackend || e.Message != "Unknown llm provider 'x'. Available: us, eu" {
		t.Errorf("unknown: %#v", err)
	}
}
