package converseapi

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// endless is a body that never ends, and counts what is read of it.
type endless struct {
	start string
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	if e.read < len(e.start) {
		n = copy(p, e.start[e.read:])
	}
	for i := n; i < len(p); i++ {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

func (*endless) Close() error { return nil }

// answering is a transport whose answer has that status, header and body.
type answering struct {
	status int
	header http.Header
	body   io.ReadCloser
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: a.header, Body: a.body, ContentLength: -1, Request: r}, nil
}

// TestAnswersWithoutEnd: no more than a bound is read of an answer.
func TestAnswersWithoutEnd(t *testing.T) {
	bedrocktest.Isolate(t)
	for name, tt := range map[string]struct {
		status int
		start  string
		most   int
		want   failure
	}{
		"a reply":        {200, `{"output":{"message":"`, translator.MaxAnswer, failure{500, translator.KindAnswerTooLarge, false, 0, ""}},
		"an error":       {400, `{"message":"`, maxErrorBody, failure{400, translator.KindValidation, false, 0, ""}},
		"a proxy's page": {502, `<html>`, maxErrorBody, failure{500, translator.KindInternalServer, true, 0, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			body := &endless{start: tt.start}
			c := newTestClient(t, "http://bedrock.test", answering{tt.status, http.Header{"X-Amzn-Requestid": {"req-1"}}, body})
			_, facts, err := converse(t, c, translator.Caller{})
			check(t, facts, err, tt.want)
			if body.read > 2*tt.most {
				t.Errorf("%d bytes were read, the bound is %d", body.read, tt.most)
			}
		})
	}
}

// TestErrorsAreBounded: what an error repeats of AWS's is short, and UTF-8.
func TestErrorsAreBounded(t *testing.T) {
	bedrocktest.Isolate(t)
	long := strings.Repeat("Long\xff", 1<<10)
	text := func(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
	stream := http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}, "X-Amzn-Requestid": {long}}
	for name, transport := range map[string]answering{
		"error":            {400, http.Header{"X-Amzn-Errortype": {long}, "X-Amzn-Requestid": {long}}, text(`{"message":"` + long + `"}`)},
		"error in a body":  {400, http.Header{"X-Amzn-Requestid": {long}}, text(`{"__type":"` + long + `","message":"` + long + `"}`)},
		"page":             {400, http.Header{"X-Amzn-Errortype": {long}}, text(long)},
		"exception":        {200, stream, text(string(bedrocktest.Exception(long, strings.Repeat(long, 1<<10))))},
		"error in a frame": {200, stream, text(string(bedrocktest.Frame("", ":message-type", "error", ":error-code", long, ":error-message", long)))},
		"rejected":         {403, http.Header{"X-Amzn-Errortype": {"ExpiredToken" + long}}, text(`{"message":"` + long + `"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			_, facts, err := collect(t, newTestClient(t, "http://bedrock.test", transport), translator.Caller{})
			e := asError(t, err)
			for _, part := range []struct {
				text string
				most int
			}{{e.AWSError, maxErrorName}, {facts.AWSRequestID, maxErrorName}, {e.Message, maxMessage}, {e.Hint, 512}} {
				if utf8.RuneCountInString(part.text) > part.most || !utf8.ValidString(part.text) {
					t.Errorf("%d bytes, the bound is %d: %.100q", len(part.text), part.most, part.text)
				}
			}
			if e.Message == "" {
				t.Error("no message")
			}
		})
	}
}

// TestLongFrames: a prelude that promises a long frame reserves no memory, and the
// longest frame is read.
func TestLongFrames(t *testing.T) {
	bedrocktest.Isolate(t)
	header := http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}}
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			_, err := eventstream.NewReader(strings.NewReader(string(bedrocktest.Promise(eventstream.MaxFrame)))).Next()
			if err == nil {
				b.Fatal("a frame")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 64<<10 {
		t.Errorf("%d bytes for a promise", allocated)
	}
	frame := bedrocktest.Event("new", `{"a":"`+strings.Repeat("x", 15<<20)+`"}`)
	body := io.NopCloser(strings.NewReader(string(frame)))
	events, _, err := collect(t, newTestClient(t, "http://bedrock.test", answering{200, header, body}), translator.Caller{})
	if len(events) != 1 || translator.AsError(err).Kind != translator.KindTruncated {
		t.Errorf("%d events, %v", len(events), err)
	}
}
