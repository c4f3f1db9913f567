package anthropic

import (
	"fmt"
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator/converse"
)

func BenchmarkDecode(b *testing.B) {
	d, err := newDialect(converse.Repair)
	if err != nil {
		b.Fatal(err)
	}
	image := `{"messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%s"}}]}]}`
	dialecttest.BenchmarkDecode(b, d, map[string][]byte{
		"chat-20kB-10-tools": dialecttest.ChatRequest(`{"model":"m","messages":[`, `"temperature":0.7,"max_tokens":1000`,
			`{"name":"tool_%d","description":%q,"input_schema":{"type":"object","properties":{"city":{"type":"string","description":%q},"unit":{"enum":["c","f"]}},"required":["city"]}}`),
		"image-1MB": fmt.Appendf(nil, image, strings.Repeat("QUJD", 1<<20/4)),
	})
}

func BenchmarkTextDelta(b *testing.B) { dialecttest.BenchmarkTextDelta(b, benchCall(), facts) }

func BenchmarkReply(b *testing.B) { dialecttest.BenchmarkReply(b, benchCall(), facts) }

func BenchmarkPieces(b *testing.B) { dialecttest.BenchmarkPieces(b, benchCall(), facts) }

func benchCall() *call { return &call{model: "us.anthropic.claude-sonnet-4-20250514-v1:0"} }
