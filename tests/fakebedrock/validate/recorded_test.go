package validate

import "testing"

// TestRecordedAnswers has requests that Bedrock accepted in recordings of public
// projects.
func TestRecordedAnswers(t *testing.T) {
	const (
		sonnet45 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
		sonnet5  = "global.anthropic.claude-sonnet-5"
		nova     = "us.amazon.nova-lite-v1:0"
		titan    = "amazon.titan-text-express-v1"
	)
	docs := func(name string) string { return messages(turn("user", text("see"), documentBlock(name, 9))) }
	for name, c := range map[string]struct{ model, body string }{
		"a document beside a tool result":   {sonnet45, withTools(hello, turn("assistant", call("a")), turn("user", result("a"), text("see"), documentBlock("d", 9)))},
		"a line break before a cache point": {sonnet45, messages(turn("user", text("a"), documentBlock("d", 9), text("\n"), cachePointBlock, text("b")))},
		"company_policy":                    {sonnet5, docs("company_policy")},
		"sample_2":                          {sonnet45, docs("sample_2")},
		"document_1":                        {nova, docs("document_1")},
		"two user turns, Titan":             {titan, messages(hello, hello)},
		"two user turns, Nova":              {nova, messages(hello, hello)},
		"toolChoice auto, Kimi":             {"moonshot.kimi-k2-thinking", offer(`,"toolChoice":{"auto":{}}`, spec("t", `{"type":"object"}`))},
		"a small Llama on demand":           {"meta.llama3-2-1b-instruct-v1:0", messages(hello)},
	} {
		for _, streaming := range []bool{false, true} {
			if err := Request(c.model, []byte(c.body), Options{Streaming: streaming}); err != nil {
				t.Errorf("%s, streaming %v: %v (rule %s)", name, streaming, err, err.Rule)
			}
		}
	}
}
