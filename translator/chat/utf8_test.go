package chat

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"bedrock-extproc/translator"
)

// TestInvalidUTF8: bytes of Bedrock that are not UTF-8 become U+FFFD, wherever they are.
func TestInvalidUTF8(t *testing.T) {
	blocks := strings.Join([]string{
		`{"text":"~"}`, `{"toolUse":{"toolUseId":"~","name":"~","input":{"~":"~"}}}`, `{"toolUse":{"toolUseId":"~","name":"~","input":"{\"~"}}`,
		`{"reasoningContent":{"reasoningText":{"text":"~","signature":"~"}}}`, `{"citationsContent":{"content":[{"text":"~"}],"citations":[{"title":"~"}]}}`, `{"new~":{"~":"~"}}`,
	}, ",")
	reply := `{"output":{"message":{"content":[` + blocks + `]}},"stopReason":"~","usage":{"~":"~"},"trace":{"~":"~"},"~":"~"}`
	events := []string{
		`messageStart {"~":"~"}`,
		`contentBlockDelta {"contentBlockIndex":0,"delta":{"text":""}}`, `contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"~"}}`, `contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"\n~"}}`,
		`contentBlockStart {"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"~","name":"~"}}}`, `contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"~"}}}`,
		`contentBlockDelta {"contentBlockIndex":2,"delta":{"reasoningContent":{"text":"~","signature":"~"}}}`, `contentBlockDelta {"contentBlockIndex":3,"delta":{"citation":{"title":"~"}}}`,
		`contentBlockDelta {"contentBlockIndex":4,"delta":{"new~":{"~":"~"}}}`, `~ {"~":"~"}`, `messageStop {"stopReason":"~","~":"~"}`, `metadata {"usage":{"~":"~"},"~":"~"}`,
	}
	for name, invalid := range map[string]string{"a byte": "\xff", "a cut character": "\xf0\x9f\x98", "half a pair": "\xed\xa0\xbd", "too long": "\xc0\x80"} {
		replace := func(text string) []byte { return []byte(strings.ReplaceAll(text, "~", invalid)) }
		c := &call{model: "m", toolUseDeltas: true}
		answer, summary, err := c.EncodeReply(replace(reply), facts)
		if err != nil {
			t.Fatal(err)
		}
		var sse []byte
		s := c.NewStream(facts)
		for _, line := range events {
			kind, payload, _ := bytes.Cut(replace(line), []byte(" "))
			if sse, err = s.AppendEvent(sse, translator.Event{Kind: string(kind), Payload: payload}); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		sse = s.AppendEnd(sse)
		for what, text := range map[string]string{"reply": string(answer.Body), "stream": string(sse), "reasons": summary.StopReason + s.Summary().StopReason} {
			if !utf8.ValidString(text) || !strings.Contains(text, "\uFFFD") {
				t.Errorf("%s, %s: %s", name, what, text)
			}
		}
	}
}

// TestStopReasonsAreShort: the record of a call has no more than the start of a long one.
func TestStopReasonsAreShort(t *testing.T) {
	_, summary, err := (&call{}).EncodeReply(fmt.Appendf(nil, `{"output":{"message":{"content":[]}},"stopReason":%q}`, strings.Repeat("x", 1<<20)), facts)
	if err != nil || len(summary.StopReason) > 100 {
		t.Errorf("%d bytes, %v", len(summary.StopReason), err)
	}
}
