package responses

import (
	"fmt"
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// chatRequest is about 20 kB of conversation with ten tools.
func chatRequest() []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","store":false,"input":[`)
	for i := range 20 {
		role := []string{"user", "assistant"}[i%2]
		fmt.Fprintf(&b, `{"role":%q,"content":%q},`, role, strings.Repeat("Some words of a conversation. ", 25))
	}
	b.WriteString(`{"role":"user","content":"and?"}],"temperature":0.7,"max_output_tokens":1000,"tools":[`)
	for i := range 10 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"function","name":"tool_%d","description":%q,"parameters":{"type":"object","properties":{"city":{"type":"string","description":%q},"unit":{"enum":["c","f"]}},"required":["city"]}}`,
			i, strings.Repeat("what it does ", 8), strings.Repeat("a parameter ", 12))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func BenchmarkDecode(b *testing.B) {
	imageURL := `{"store":false,"input":[{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:image/png;base64,%s"}]}]}`
	for name, body := range map[string][]byte{
		"chat-20kB-10-tools": chatRequest(),
		"image-url-1MB":      fmt.Appendf(nil, imageURL, strings.Repeat("QUJD", 1<<20/4)),
	} {
		b.Run(name, func(b *testing.B) {
			d, err := New(converse.Settings{}, Config{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(translator.Request{Body: body, DefaultModel: "m"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTextDelta(b *testing.B) {
	payload := []byte(`{"contentBlockIndex":0,"delta":{"text":" quantum"},"p":"abcdefghijklmnopqrstuvwxyzABCDEFGH"}`)
	s := (&call{model: "us.anthropic.claude-sonnet-4-20250514-v1:0"}).NewStream(facts)
	var dst []byte
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = s.AppendEvent(dst[:0], translator.Event{Kind: "contentBlockDelta", Payload: payload}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReply(b *testing.B) {
	reply := []byte(`{"metrics":{"latencyMs":312},"output":{"message":{"content":[{"text":"` + strings.Repeat("words ", 200) + `"},{"toolUse":{"input":{"city":"Seattle"},"name":"f","toolUseId":"t1"}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":121,"totalTokens":124}}`)
	c := &call{model: "m"}
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.EncodeReply(reply, facts); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPieces streams one block in many pieces: the time for a piece must not
// depend on the number before it.
func BenchmarkPieces(b *testing.B) {
	for kind, piece := range map[string]string{
		"reasoning": `{"reasoningContent":{"text":" because"}}`,
		"image":     `{"image":{"source":{"bytes":"aW1hZ2U="}}}`,
		"unknown":   `{"hologram":{"voxels":"AA","layers":[1]}}`,
	} {
		for _, n := range []int{100, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				for b.Loop() {
					streamBlock(b, piece, n)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/piece")
			})
		}
	}
}

// streamBlock is a block of n equal pieces.
func streamBlock(b *testing.B, piece string, n int) {
	b.Helper()
	s := (&call{model: "us.anthropic.claude-sonnet-4-20250514-v1:0"}).NewStream(facts)
	delta := translator.Event{Kind: "contentBlockDelta", Payload: []byte(`{"contentBlockIndex":0,"delta":` + piece + `,"p":"abcdefgh"}`)}
	var dst []byte
	var err error
	for range n {
		if dst, err = s.AppendEvent(dst[:0], delta); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := s.AppendEvent(dst[:0], translator.Event{Kind: "contentBlockStop", Payload: []byte(`{"contentBlockIndex":0}`)}); err != nil {
		b.Fatal(err)
	}
}
