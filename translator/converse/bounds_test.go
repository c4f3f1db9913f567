package converse

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
)

// TestAnswersWithoutEnd: a stream that never ends stops at a bound, whatever it consists
// of, and what an Answer holds then is not much more than the bound.
func TestAnswersWithoutEnd(t *testing.T) {
	long := strings.Repeat("x", 32<<10)
	const delta, start = "contentBlockDelta", "contentBlockStart"
	tests := map[string]struct {
		first   string // a contentBlockStart
		kind    string
		payload string
		within  int // bytes of pieces
	}{
		"text":             {"", delta, `{"contentBlockIndex":0,"delta":{"text":"` + long + `"}}`, maxBlock},
		"escaped text":     {"", delta, `{"contentBlockIndex":0,"delta":{"text":"\n` + long + `"}}`, maxBlock},
		"a tool's input":   {`{"start":{"toolUse":{"toolUseId":"t","name":"f"}}}`, delta, `{"delta":{"toolUse":{"input":"` + long + `"}}}`, maxBlock},
		"Bedrock's tool":   {`{"start":{"toolUse":{"name":"f","type":"server_tool_use"}}}`, delta, `{"delta":{"toolUse":{"input":"` + long + `"}}}`, maxBlock},
		"a tool's members": {`{"start":{"toolUse":{"toolUseId":"t","name":"f"}}}`, delta, `{"delta":{"toolUse":{"a":1}}}`, maxBlock},
		"reasoning":        {"", delta, `{"delta":{"reasoningContent":{"text":"` + long + `"}}}`, maxBlock},
		"signature":        {"", delta, `{"delta":{"reasoningContent":{"signature":""}}}`, maxBlock},
		"redacted content": {"", delta, `{"delta":{"reasoningContent":{"redactedContent":"AAAA"}}}`, maxBlock},
		"citations":        {"", delta, `{"delta":{"citation":{}}}`, maxBlock},
		"an image":         {"", delta, `{"delta":{"image":{"source":{"bytes":"` + long + `"}}}}`, maxBlock},
		"a tool's result":  {"", delta, `{"delta":{"toolResult":[]}}`, maxBlock},
		"texts":            {"", start, `{"start":{"text":"` + long + `"}}`, translator.MaxAnswer},
		"empty blocks":     {"", delta, `{"contentBlockIndex":%d,"delta":{"text":""}}`, translator.MaxAnswer},
		"open blocks":      {"", start, `{"contentBlockIndex":%d,"start":{"new":{}}}`, translator.MaxAnswer},
		"calls":            {"", start, `{"start":{"toolUse":{"toolUseId":"t","name":"f"}}}`, translator.MaxAnswer},
		"members":          {"", "messageStart", `{"m%d":1}`, translator.MaxAnswer},
		"one member":       {"", "messageStart", `{"trace":"` + long + `"}`, translator.MaxAnswer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := worktest.Heap()
			a, sent, err := NewAnswer(Names{}), 0, error(nil)
			if tt.first != "" {
				_, err = a.Read(start, []byte(tt.first))
			}
			for i := 0; err == nil && sent <= translator.MaxAnswer; i++ {
				payload := tt.payload
				if strings.Contains(payload, "%d") {
					payload = fmt.Sprintf(payload, i)
				}
				sent += len(payload)
				_, err = a.Read(tt.kind, []byte(payload))
			}
			if err == nil || translator.AsError(err).Kind != translator.KindAnswerTooLarge || sent > tt.within+1<<20 {
				t.Errorf("after %d bytes: %v", sent, err)
			}
			if held := worktest.Heap() - before; held > int64(3*tt.within) {
				t.Errorf("the answer holds %d bytes", held)
			}
			runtime.KeepAlive(a)
		})
	}
}
