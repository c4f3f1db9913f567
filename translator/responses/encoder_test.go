package responses

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
)

// Answers have a status, a content type and headers.
func TestAnswerEnvelopes(t *testing.T) {
	c := &call{model: "m", warnings: []translator.Warning{{Code: "a"}, {Code: "b"}}}
	warnings := translator.Header{Name: "x-bedrock-warnings", Value: "a, b"}
	whole, _, err := c.EncodeReply([]byte(`{"output":{"message":{"content":[]}}}`), facts)
	if err != nil {
		t.Fatal(err)
	}
	whole.Body = nil
	if diff := cmp.Diff(translator.Response{Status: http.StatusOK, ContentType: "application/json", Headers: []translator.Header{warnings}}, whole); diff != "" {
		t.Errorf("whole answer (-want +got):\n%s", diff)
	}
	failed := new(Dialect).EncodeError(&translator.Error{Status: http.StatusTooManyRequests, Kind: translator.KindThrottled, Retryable: true})
	failed.Body = nil
	if diff := cmp.Diff(translator.Response{Status: http.StatusTooManyRequests, ContentType: "application/json"}, failed); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]translator.Header{{Name: "content-type", Value: "text/event-stream"}, warnings}, c.StreamHeaders(facts)); diff != "" {
		t.Errorf("stream headers (-want +got):\n%s", diff)
	}
	if got := string(c.AppendKeepAlive([]byte("before"))); got != "before: keep-alive\n\n" {
		t.Errorf("keep-alive %q", got)
	}
}
