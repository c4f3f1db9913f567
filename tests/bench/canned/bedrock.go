package canned

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// Model returns a model id that asks ServeBedrock for an answer.
func Model(s Shape) string { return "anthropic.claude-3-haiku-20240307-v1:0#" + s.String() }

// ServeBedrock answers Converse and ConverseStream until the listener is closed. It looks
// at nothing but the model id, which must be from Model.
func ServeBedrock(l net.Listener) error {
	var ready sync.Map // of *answer by path: requests repeat
	return serveHTTP(l, func(r *requestHead) (*answer, error) {
		if known, ok := ready.Load(string(r.path)); ok {
			return known.(*answer), nil
		}
		path, err := url.PathUnescape(string(r.path))
		if err != nil {
			return nil, err
		}
		path, streamed := strings.CutSuffix(path, "/converse-stream")
		_, name, _ := strings.Cut(strings.TrimSuffix(path, "/converse"), "#")
		shape, err := ParseShape(name)
		if err != nil {
			return nil, fmt.Errorf("no answer for %s: %w", r.path, err)
		}
		a, err := bedrockAnswer(shape, streamed)
		if err != nil {
			return nil, err
		}
		a = a.overHTTP(streamed)
		ready.Store(string(r.path), a)
		return a, nil
	})
}

// words are the texts of events: tokens have different lengths.
var words = []string{"Super", "position", " lets", " a", " qubit", " hold", " both", " values", ",", " until", " it", " is", " measured", ". "}

// Text is the text of a whole answer. It is the same in JSON.
func Text() string { return strings.Repeat(strings.Join(words, ""), 100/len(words)) }

const usage = `"usage":{"inputTokens":12,"outputTokens":100,"totalTokens":112},"metrics":{"latencyMs":350}`

func bedrockAnswer(s Shape, streamed bool) (*answer, error) {
	if streamed {
		return bedrockStream(s)
	}
	body := fmt.Sprintf(`{"metrics":{"latencyMs":350},"output":{"message":{"content":[{"text":%q}],"role":"assistant"}},"stopReason":"end_turn",`+
		`"usage":{"inputTokens":12,"outputTokens":100,"totalTokens":112}}`, Text())
	return &answer{contentType: "application/json", parts: [][]byte{[]byte(body)}}, nil
}

func bedrockStream(s Shape) (*answer, error) {
	var parts [][]byte
	var failed error
	add := func(name, payload string) {
		frame, err := encodeFrame(name, payload)
		if err != nil {
			failed = err
		}
		parts = append(parts, frame)
	}
	add("messageStart", `{"p":"abcdef","role":"assistant"}`)
	for i := range s.Events {
		add("contentBlockDelta", textDelta(words[i%len(words)], i))
	}
	add("contentBlockStop", `{"contentBlockIndex":0,"p":"abcdefghijkl"}`)
	add("messageStop", `{"p":"abcdefghijklmnop","stopReason":"end_turn"}`)
	add("metadata", `{"p":"abcd",`+usage+`}`)
	a := &answer{contentType: "application/vnd.amazon.eventstream", parts: parts, interval: s.Interval(), stamped: 1, stamp: stampFrame}
	if a.interval == 0 {
		a.parts = join(parts)
	}
	return a, failed
}

const padding = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// textDelta is an event's payload, padded to hide the length of the text, as Bedrock does.
func textDelta(text string, number int) string {
	return fmt.Sprintf(`{"contentBlockIndex":0,"delta":{"text":%q},"p":%q}`, text, padding[:2+number*17%60])
}

// stampFrame is the first event with text of a paced stream.
func stampFrame(t time.Time) []byte {
	frame, err := encodeFrame("contentBlockDelta", textDelta(stampText(t), 0))
	if err != nil {
		return nil // cannot happen: the headers are constant
	}
	return frame
}

func stampText(t time.Time) string { return fmt.Sprintf("%0*d", StampDigits, t.UnixNano()) }

func encodeFrame(name, payload string) ([]byte, error) {
	message := eventstream.Message{Payload: []byte(payload)}
	for _, h := range [][2]string{{":event-type", name}, {":content-type", "application/json"}, {":message-type", "event"}} {
		message.Headers = append(message.Headers, eventstream.Header{Name: h[0], Value: eventstream.StringValue(h[1])})
	}
	var frame bytes.Buffer
	err := eventstream.NewEncoder().Encode(&frame, message)
	return frame.Bytes(), err
}
