package chat

import (
	"bytes"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// TestFailedStreams decides for each setting and client.
func TestFailedStreams(t *testing.T) {
	const httpx, curl = "python-httpx/0.28.1", "curl/8"
	for _, c := range []struct {
		configured FailedStreams
		agent      string
		want       FailedStreams
	}{
		{FailedAuto, httpx, FailedStopError},
		{FailedAuto, curl, FailedEvent},
		{FailedAuto, "", FailedEvent},
		{FailedEvent, httpx, FailedEvent},
		{FailedReset, httpx, FailedReset},
		{FailedReset, curl, FailedReset},
		{FailedStopError, curl, FailedStopError},
	} {
		d, err := New(converse.Settings{}, Config{FailedStreams: c.configured})
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := d.Decode(translator.Request{
			Streaming: true, DefaultModel: "m", Body: []byte(`{"messages":[{"role":"user","content":"hi"}]}`),
			Header: func(string) string { return c.agent },
		})
		if err != nil {
			t.Fatal(err)
		}
		if decoded.CutFailed != (c.want == FailedReset) || decoded.Encoder.(*call).stopError != (c.want == FailedStopError) {
			t.Errorf("%v for %q: cut %v, %+v; want %v", c.configured, c.agent, decoded.CutFailed, decoded.Encoder, c.want)
		}
	}
}

// TestFailureAfterTheStop sends nothing after the end of a complete stream.
func TestFailureAfterTheStop(t *testing.T) {
	s := (&call{model: "m", stopError: true}).NewStream(facts)
	var out []byte
	for _, ev := range []translator.Event{
		{Kind: "messageStart", Payload: []byte(`{"role":"assistant"}`)},
		{Kind: "messageStop", Payload: []byte(`{"stopReason":"end_turn"}`)},
		{Kind: "metadata", Payload: []byte(`{}`)},
	} {
		var err error
		if out, err = s.AppendEvent(out, ev); err != nil {
			t.Fatal(err)
		}
	}
	out = s.AppendError(out, translator.ErrTruncated(nil))
	for kind, want := range map[string]int{"message_stop": 1, "metadata": 1, "error": 0} {
		if n := bytes.Count(out, []byte(`{"type":"`+kind+`"`)); n != want {
			t.Errorf("%d %s events, want %d:\n%s", n, kind, want, out)
		}
	}
}
