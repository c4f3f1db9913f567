package chat

import (
	"strings"
	"testing"

	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// TestErrorsAndWarningsAreShort: a long value of a request is not repeated, wherever it
// is.
func TestErrorsAndWarningsAreShort(t *testing.T) {
	const n, mostError, mostWarnings = 200_000, 4 << 10, 64 << 10
	bodies := map[string]string{
		"model":        user(`"hi"`, `,"model":"`+strings.Repeat("m", n)+`"`),
		"guardrail":    user(`"hi"`, `,"guardrail":{"id":"`+strings.Repeat("g", n)+`","version":1}`),
		"tool_choice":  user(`"hi"`, `,"tools":[{"name":"f"}],"tool_choice":{"`+strings.Repeat("c", n)+`":1}`),
		"a kind, too":  `{"messages":[` + hello + `,{"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f"}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"t"}},{"` + strings.Repeat("k", n) + `":{}}]}]}`,
		"a half in it": `{"messages":[` + hello + `],"` + strings.Repeat("k", n) + `":"\ud83d"}`,
	}
	for name, text := range workTexts.Repeats {
		before, rest, _ := strings.Cut(text, "…")
		part, after, _ := strings.Cut(rest, "…")
		bodies[name] = before + strings.Repeat(part, n) + after
	}
	for name, text := range workTexts.Members {
		bodies[name] = strings.Replace(text, "…", `,"`+strings.Repeat("k", n)+`":1`, 1)
	}
	for name, text := range bodies {
		for _, mode := range []converse.Mode{converse.Repair, converse.Strict, converse.Passthrough} {
			d, err := New(converse.Settings{Mode: mode}, Config{})
			if err != nil {
				t.Fatal(err)
			}
			for _, model := range []string{worktest.Models[0], "us.amazon.nova-lite-v1:0", "ai21.jamba-1-5-large-v1:0"} {
				c, err := d.Decode(translator.Request{Body: []byte(text), DefaultModel: model})
				if err != nil {
					if answer := d.EncodeError(translator.AsError(err)); len(answer.Body) > mostError {
						t.Errorf("%s: an error of %d bytes: %.300s", name, len(answer.Body), answer.Body)
					}
				} else if w := warningsOf(c); len(w) > mostWarnings {
					t.Errorf("%s: warnings of %d bytes: %.300s", name, len(w), w)
				}
			}
		}
	}
}
