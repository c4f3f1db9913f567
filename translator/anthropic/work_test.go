package anthropic

import (
	"runtime"
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// workLists are bodies with one list, whose element is between the marks and has its
// number in place of #.
var workLists = map[string]string{
	"messages":      `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"}…]}`,
	"turns":         `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":"c2ln"}]}…]}`,
	"system notes":  `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"},{"role":"system","content":"x"}…]}`,
	"exchanges":     `{"max_tokens":1,"messages":[…{"role":"assistant","content":[{"type":"tool_use","id":"t #","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t #","content":"x"}]}…]}`,
	"blocks":        `{"max_tokens":1,"messages":[{"role":"user","content":[…{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}…]}]}`,
	"documents":     `{"max_tokens":1,"messages":[{"role":"user","content":[…{"type":"document","source":{"type":"text","data":"x"}}…]}]}`,
	"texts":         `{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[…{"type":"text","text":"x"}…]}}]}]}`,
	"results":       `{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[…{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}…]}]}]}`,
	"citations":     `{"max_tokens":1,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"x","citations":[…{"type":"char_location","document_index":0}…]}]},{"role":"user","content":"hi"}]}`,
	"server blocks": `{"max_tokens":1,"messages":[{"role":"user","content":[…{"type":"server_tool_use"}…]}]}`,
	"system":        `{"max_tokens":1,"messages":[{"role":"user","content":"hi"}],"system":[…{"type":"text","text":"x-anthropic-billing-header: #"}…]}`,
	"tools":         `{"max_tokens":1,"messages":[{"role":"user","content":"hi"}],"tools":[…{"name":"f #","input_examples":[1],"cache_control":{"type":"ephemeral"}}…]}`,
	"betas":         `{"max_tokens":1,"messages":[{"role":"user","content":"hi"}],"betas":[…"b#"…]}`,
	"edits":         `{"max_tokens":1,"messages":[{"role":"user","content":"hi"}],"context_management":{"edits":[…{"type":"x"}…]}}`,
}

// repeat is a text of workLists with n elements.
func repeat(text string, n int) []byte {
	before, rest, _ := strings.Cut(text, "…")
	element, after, _ := strings.Cut(rest, "…")
	all := make([]string, n)
	for i := range all {
		all[i] = strings.ReplaceAll(element, "#", strings.Repeat("a", i%7)+string(rune('a'+i%26))+strings.Repeat("b", i/182%9))
	}
	return []byte(before + strings.Join(all, ",") + after)
}

func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemoryIsLinear: ten times the elements need about ten times the memory, whether the
// request is accepted or refused.
func TestMemoryIsLinear(t *testing.T) {
	d, err := New(converse.Settings{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range workLists {
		decode := func(n int) uint64 {
			body := repeat(text, n)
			return allocated(func() {
				if _, err := d.Decode(translator.Request{Body: body, DefaultModel: "us.anthropic.claude-sonnet-4-20250514-v1:0"}); err != nil {
					d.EncodeError(translator.AsError(err))
				}
			})
		}
		if once, times := decode(300), decode(3000); times > 15*once {
			t.Errorf("%s: %d bytes for 300, %d for 3000", name, once, times)
		}
	}
}

// TestStreamMemoryIsLinear: so do blocks of a stream, also those that wait for redacted
// data that Bedrock has not ended.
func TestStreamMemoryIsLinear(t *testing.T) {
	for name, delta := range map[string]string{
		"text": `{"text":"x"}`, "redacted": `{"reasoningContent":{"redactedContent":"cmVk"}}`, "citations": `{"citation":{"location":{"web":{"url":"u"}}}}`,
	} {
		stream := func(n int) uint64 {
			return allocated(func() {
				s := (&call{model: "m"}).NewStream(facts)
				var out []byte
				for i := range n {
					payload := `{"contentBlockIndex":` + strings.Repeat("1", 1+i%8) + `,"delta":` + delta + `}`
					var err error
					if out, err = s.AppendEvent(out[:0], translator.Event{Kind: "contentBlockDelta", Payload: []byte(payload)}); err != nil {
						t.Fatal(err)
					}
				}
				s.AppendEnd(out)
			})
		}
		if once, times := stream(300), stream(3000); times > 15*once {
			t.Errorf("%s: %d bytes for 300, %d for 3000", name, once, times)
		}
	}
}

// TestDecodeEndsWhenNobodyWaits: the translation of a long request ends where it is.
func TestDecodeEndsWhenNobodyWaits(t *testing.T) {
	d, err := New(converse.Settings{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	close(done)
	req := translator.Request{Body: repeat(workLists["blocks"], 20_000), DefaultModel: "m"}
	all := allocated(func() { _, err = d.Decode(req) })
	req.Done = done
	some := allocated(func() { _, err = d.Decode(req) })
	if err == nil || translator.AsError(err).Kind != translator.KindInternal || some > all/20 {
		t.Errorf("%v after %d bytes of %d", err, some, all)
	}
}
