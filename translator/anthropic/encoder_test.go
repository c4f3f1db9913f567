package anthropic

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
)

// Answers have a status, a content type and headers. The SDKs read request-id.
func TestAnswerEnvelopes(t *testing.T) {
	c := &call{model: "m", warnings: []translator.Warning{{Code: "a"}, {Code: "b"}, {Code: "a"}}}
	headers := []translator.Header{{Name: "request-id", Value: "req-1"}, {Name: "x-bedrock-warnings", Value: "a, b"}}
	whole, _, err := c.EncodeReply([]byte(`{"output":{"message":{"content":[]}}}`), facts)
	if err != nil {
		t.Fatal(err)
	}
	whole.Body = nil
	if diff := cmp.Diff(translator.Response{Status: http.StatusOK, ContentType: "application/json", Headers: headers}, whole); diff != "" {
		t.Errorf("whole answer (-want +got):\n%s", diff)
	}
	failed := new(Dialect).EncodeError(goldentest.WithFacts(translator.NewError(translator.KindThrottled, "m"), facts))
	failed.Body = nil
	if diff := cmp.Diff(translator.Response{Status: http.StatusTooManyRequests, ContentType: "application/json", Headers: headers[:1]}, failed); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	stream := append([]translator.Header{{Name: "content-type", Value: "text/event-stream"}}, headers...)
	if diff := cmp.Diff(stream, c.StreamHeaders(facts)); diff != "" {
		t.Errorf("stream headers (-want +got):\n%s", diff)
	}
}

// TestKeepAlive: python's SDK fails if anything but message_start is the first event.
func TestKeepAlive(t *testing.T) {
	c := &call{model: "m"}
	if got := string(c.AppendKeepAlive(nil)); got != ": keep-alive\n\n" {
		t.Errorf("before the message: %q", got)
	}
	if _, err := c.NewStream(facts).AppendEvent(nil, translator.Event{Kind: "messageStart", Payload: []byte(`{"role":"assistant"}`)}); err != nil {
		t.Fatal(err)
	}
	if got := string(c.AppendKeepAlive(nil)); got != "event: ping\ndata: {\"type\":\"ping\"}\n\n" {
		t.Errorf("in the message: %q", got)
	}
}

// TestMessageIDs: two requests with the same X-Request-Id have different ids (B56).
func TestMessageIDs(t *testing.T) {
	c, later := &call{model: "m"}, facts
	later.Start = later.Start.Add(1)
	id := func(f translator.Facts) string {
		return string(c.newMessage(f, nil, 100).End())
	}
	if id(facts) == id(later) || !strings.HasPrefix(id(facts), `{"id":"msg_`) {
		t.Errorf("%s and %s", id(facts), id(later))
	}
}
