package native

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
)

var facts = translator.Facts{RequestID: "r-1", AWSRequestID: "aws-1"}

// TestReply: the reply keeps its bytes.
func TestReply(t *testing.T) {
	reply := `{ "output":{"message":{"role":"assistant","content":[{"hologram":{"n":1.0}},{"text":"\u0041"}]}},"stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":4,"new":{}},"more":1e400}`
	answer, summary, err := (&call{warnings: []translator.Warning{{Code: "a"}, {Code: "b"}}}).EncodeReply([]byte(reply), facts)
	if err != nil {
		t.Fatal(err)
	}
	want := translator.Response{Status: 200, ContentType: "application/json", Body: []byte(reply), Headers: []translator.Header{
		{Name: "x-amzn-requestid", Value: "aws-1"}, {Name: "x-bedrock-warnings", Value: "a, b"},
	}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(translator.Summary{StopReason: "end_turn", InputTokens: 3, OutputTokens: 4, UsageKnown: true, Warnings: []translator.Warning{{Code: "a"}, {Code: "b"}}}, summary); diff != "" {
		t.Error(diff)
	}
	if _, _, err := new(call).EncodeReply([]byte(`{"Output":{"__type":"UnknownOperationException"}}`), facts); translator.AsError(err) == nil {
		t.Error("an answer that is not Converse's passed")
	}
}

// TestCount: the body of CountTokens is not a Converse request, so policy does not change it.
func TestCount(t *testing.T) {
	body := `{"input":{"converse":{"messages":[]}}}`
	c, err := newDialect(t).Decode(translator.Request{Pattern: CountTokensPattern, PathModel: model, Body: []byte(body), Defaults: translator.Defaults{
		Guardrail: &guardrail, RequestMetadata: map[string]string{"a": "b"},
	}})
	if err != nil || !c.CountTokens || c.Streaming || c.Guarded || string(c.Body) != body || c.Model != model {
		t.Fatalf("%+v, %v", c, err)
	}
	answer, summary, err := c.Encoder.EncodeReply([]byte(`{ "inputTokens":3}`), facts)
	if err != nil || string(answer.Body) != `{ "inputTokens":3}` || !cmp.Equal(summary, translator.Summary{}) {
		t.Errorf("%+v, %+v, %v", answer, summary, err)
	}
	if _, _, err := c.Encoder.EncodeReply([]byte(`{"Output":{}}`), facts); translator.AsError(err) == nil {
		t.Error("an answer that is not CountTokens' passed")
	}
	if _, err := newDialect(t).Decode(translator.Request{Pattern: CountTokensPattern, PathModel: "no id"}); err == nil {
		t.Error("no model id, and no error")
	}
}

// frames reads the frames that a stream has appended.
func frames(t testing.TB, b []byte) (all []frame) {
	t.Helper()
	r := eventstream.NewReader(bytes.NewReader(b))
	for read := 0; read < len(b); {
		m, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, frame{string(m.Type), string(m.EventType), string(m.ExceptionType), string(m.ContentType), string(m.Payload)})
		read += 16 + len(m.Payload) + headerBytes(m)
	}
	return all
}

type frame struct{ messageType, eventType, exceptionType, contentType, payload string }

// headerBytes is the length of the headers of a frame that this package has written.
func headerBytes(m eventstream.Message) int {
	n := 0
	for name, value := range map[string][]byte{
		":message-type": m.Type, ":event-type": m.EventType, ":exception-type": m.ExceptionType, ":content-type": m.ContentType,
	} {
		if len(value) > 0 {
			n += 1 + len(name) + 1 + 2 + len(value)
		}
	}
	return n
}

// TestStream: payloads keep their bytes, whatever the kind of event.
func TestStream(t *testing.T) {
	s := new(call).NewStream(facts)
	var out []byte
	var want []frame
	for _, ev := range [][2]string{
		{"messageStart", `{"p":"abc","role":"assistant"}`},
		{"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"half \ud83d"},"p":"ab"}`},
		{"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"plain"},"p":"ab"}`},
		{"contentBlockDelta", ` {"delta" : {"hologram":1.0}} `},
		{"anEventOfTomorrow", `{}`},
		{"messageStop", `{"stopReason":"end_turn"}`},
		{"metadata", `{"usage":{"inputTokens":1,"outputTokens":2}}`},
	} {
		var err error
		if out, err = s.AppendEvent(out, translator.Event{Kind: ev[0], Payload: []byte(ev[1])}); err != nil {
			t.Fatal(err)
		}
		want = append(want, frame{"event", ev[0], "", "application/json", ev[1]})
	}
	out = s.AppendEnd(new(call).AppendKeepAlive(out))
	if diff := cmp.Diff(want, frames(t, out), cmp.AllowUnexported(frame{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(translator.Summary{StopReason: "end_turn", InputTokens: 1, OutputTokens: 2, UsageKnown: true}, s.Summary()); diff != "" {
		t.Error(diff)
	}
	if h := new(call).StreamHeaders(facts)[0]; h.Name != "content-type" || h.Value != "application/vnd.amazon.eventstream" {
		t.Error(h)
	}
}

// TestStreamCopiesFrames: a frame keeps its bytes, also headers that are not known.
func TestStreamCopiesFrames(t *testing.T) {
	payload := []byte(`{"role":"assistant"}`)
	sent := eventstream.AppendMessage(nil, []eventstream.Header{
		{Name: ":message-type", Value: "event"}, {Name: ":event-type", Value: "messageStart"}, {Name: "new", Value: "x"},
	}, payload)
	got, err := new(call).NewStream(facts).AppendEvent([]byte("before"), translator.Event{Kind: "messageStart", Payload: payload, Frame: sent})
	if err != nil || string(got) != "before"+string(sent) {
		t.Errorf("%v, %q", err, got)
	}
}

// Events that would break the client's reader end the stream.
func TestStreamRefuses(t *testing.T) {
	for name, ev := range map[string]translator.Event{
		"not JSON":           {Kind: "contentBlockDelta", Payload: []byte(`{"contentBlockIndex":0,"delta":{"text":"a`)},
		"not an object":      {Kind: "metadata", Payload: []byte(`[]`)},
		"a kind too long":    {Kind: strings.Repeat("k", 300), Payload: []byte(`{}`)},
		"a payload too long": {Kind: "k", Payload: []byte(`{"p":"` + strings.Repeat("p", eventstream.MaxFrame) + `"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := new(call).NewStream(facts).AppendEvent([]byte("before"), ev)
			if e := translator.AsError(err); e == nil || e.Kind != translator.KindBadAnswer || string(out) != "before" {
				t.Errorf("%v, %.40q", err, out)
			}
		})
	}
}
