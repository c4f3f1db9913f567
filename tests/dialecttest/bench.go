package dialecttest

import (
	"fmt"
	"strings"
	"testing"

	"bedrock-extproc/translator"
)

// BenchmarkDecode measures requests, by name.
func BenchmarkDecode(b *testing.B, d translator.Dialect, bodies map[string][]byte) {
	b.Helper()
	for name, body := range bodies {
		b.Run(name, func(b *testing.B) {
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

// BenchmarkTextDelta measures one piece of text.
func BenchmarkTextDelta(b *testing.B, encoder translator.Encoder, facts translator.Facts) {
	b.Helper()
	payload := []byte(`{"contentBlockIndex":0,"delta":{"text":" quantum"},"p":"abcdefghijklmnopqrstuvwxyzABCDEFGH"}`)
	var s translator.Stream
	var dst []byte
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%100_000 == 0 { // a text has a bound
			s = encoder.NewStream(facts)
		}
		var err error
		if dst, err = s.AppendEvent(dst[:0], translator.Event{Kind: "contentBlockDelta", Payload: payload}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReply measures a whole answer with a text of 1.2 kB and a tool call.
func BenchmarkReply(b *testing.B, encoder translator.Encoder, facts translator.Facts) {
	b.Helper()
	reply := []byte(`{"metrics":{"latencyMs":312},"output":{"message":{"content":[{"text":"` + strings.Repeat("words ", 200) + `"},{"toolUse":{"input":{"city":"Seattle"},"name":"f","toolUseId":"t1"}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":121,"totalTokens":124}}`)
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := encoder.EncodeReply(reply, facts); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPieces streams one block in many pieces: the time for a piece must not depend on
// the number before it.
func BenchmarkPieces(b *testing.B, encoder translator.Encoder, facts translator.Facts) {
	b.Helper()
	for kind, piece := range map[string]string{
		"reasoning": `{"reasoningContent":{"text":" because"}}`,
		"image":     `{"image":{"source":{"bytes":"aW1hZ2U="}}}`,
		"unknown":   `{"hologram":{"voxels":"AA","layers":[1]}}`,
	} {
		for _, n := range []int{100, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				for b.Loop() {
					streamBlock(b, encoder.NewStream(facts), piece, n)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/piece")
			})
		}
	}
}

// streamBlock is a block of n equal pieces.
func streamBlock(b *testing.B, s translator.Stream, piece string, n int) {
	b.Helper()
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

// ChatRequest is about 20 kB of conversation with ten tools, in the form of a dialect: head
// begins the body up to the list of messages, more are further members, and tool is the
// format of a tool with its number, description and the description of a parameter.
func ChatRequest(head, more, tool string) []byte {
	var b strings.Builder
	b.WriteString(head)
	for i := range 20 {
		role := []string{"user", "assistant"}[i%2]
		fmt.Fprintf(&b, `{"role":%q,"content":%q},`, role, strings.Repeat("Some words of a conversation. ", 25))
	}
	b.WriteString(`{"role":"user","content":"and?"}],` + more + `,"tools":[`)
	for i := range 10 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, tool, i, strings.Repeat("what it does ", 8), strings.Repeat("a parameter ", 12))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}
