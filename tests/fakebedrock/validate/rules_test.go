package validate

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

const (
	claude = "us.anthropic.claude-sonnet-4-20250514-v1:0"
	prompt = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1"
	hello  = `{"role":"user","content":[{"text":"hello"}]}`
	hi     = `{"role":"assistant","content":[{"text":"hi"}]}`
	tools  = `"toolConfig":{"tools":[{"toolSpec":{"name":"t","inputSchema":{"json":{"type":"object"}}}}]}`
)

func messages(list ...string) string { return `{"messages":[` + strings.Join(list, ",") + `]}` }

// withTools returns a request with the messages and a tool t.
func withTools(list ...string) string {
	return `{"messages":[` + strings.Join(list, ",") + `],` + tools + `}`
}

func turn(role string, blocks ...string) string {
	return `{"role":"` + role + `","content":[` + strings.Join(blocks, ",") + `]}`
}

func text(t string) string { return fmt.Sprintf(`{"text":%q}`, t) }

func call(id string) string {
	return `{"toolUse":{"toolUseId":"` + id + `","name":"t","input":{}}}`
}

func result(id string) string {
	return `{"toolResult":{"toolUseId":"` + id + `","content":[{"text":"done"}]}}`
}

func spec(name, schema string) string {
	return `{"toolSpec":{"name":"` + name + `","inputSchema":{"json":` + schema + `}}}`
}

func offer(rest string, specs ...string) string {
	return `{"messages":[` + hello + `],"toolConfig":{"tools":[` + strings.Join(specs, ",") + `]` + rest + `}}`
}

func bytesOfSize(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }

func image(size int) string {
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, size-8)...)
	return `{"image":{"format":"png","source":{"bytes":"` + base64.StdEncoding.EncodeToString(png) + `"}}}`
}

func documentBlock(name string, size int) string {
	return `{"document":{"format":"pdf","name":"` + name + `","source":{"bytes":"` + bytesOfSize(size) + `"}}}`
}

// stored is a media block whose content is in S3.
func stored(kind, format, more string) string {
	return `{"` + kind + `":{` + more + `"format":"` + format + `","source":{"s3Location":{"uri":"s3://bucket/key"}}}}`
}

func repeat(n int, block string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.ReplaceAll(block, "#", fmt.Sprint(i))
	}
	return list
}

const cachePointBlock = `{"cachePoint":{"type":"default"}}`

// cases are pairs of a request that a rule rejects and a minimally different one that
// it accepts.
var cases = []struct {
	rule, model      string // model "": claude
	refused, taken   string
	message          string // part of the error message
	takenBy          string // another model that accepts the rejected request
	streaming, roles bool
}{
	{rule: "modelId", model: "", refused: messages(hello), message: "'modelId'"},
	{rule: "model identifier", model: "acme.rocket-v1:0", refused: messages(hello), message: "The provided model identifier is invalid.", takenBy: "abcdefghijkl"},
	{rule: "chat model", model: "amazon.titan-embed-text-v2:0", refused: messages(hello), message: "This action doesn't support the model that you provided. Try again with a supported text or chat model.", takenBy: claude},
	{rule: "on-demand", model: "anthropic.claude-sonnet-4-20250514-v1:0", refused: messages(hello), message: "with on-demand throughput isn’t supported", takenBy: claude},
	{rule: "on-demand", model: "meta.llama3-2-90b-instruct-v1:0", refused: messages(hello), message: "isn’t supported", takenBy: "meta.llama3-2-1b-instruct-v1:0"},
	{rule: "prompt members", model: prompt, refused: `{"system":[{"text":"be brief"}]}`, taken: `{"promptVariables":{"a":{"text":"b"}}}`, message: "The system member"},
	{
		rule: "response field paths", message: "additionalModelResponseFieldPaths.1",
		refused: `{"messages":[` + hello + `],"additionalModelResponseFieldPaths":["/a~1b","a"]}`,
		taken:   `{"messages":[` + hello + `],"additionalModelResponseFieldPaths":["/a~1b","/a"]}`,
	},

	{rule: "first turn", refused: messages(), taken: messages(hello), message: "start with a user"},
	{rule: "first turn", refused: `{}`, taken: messages(hello), message: "start with a user"},
	{rule: "first turn", model: "us.amazon.nova-pro-v1:0", refused: messages(hi, hello), message: "start with a user", takenBy: claude},
	{
		rule: "system turns", message: "messages.0.content.0",
		refused: messages(turn("user", `{"toolRemoval":{"tool":{"name":"t"}}}`)), taken: messages(turn("system", `{"toolRemoval":{"tool":{"name":"t"}}}`), hello),
	},
	{rule: "alternating turns", refused: messages(hello, hello), taken: messages(hello, hi, hello), message: "alternate", takenBy: "us.amazon.nova-lite-v1:0"},
	{rule: "alternating turns", refused: messages(hello, hi, hi, hello), taken: messages(hello, hi, hello), message: "alternate", takenBy: "amazon.titan-text-express-v1"},
	{rule: "empty turn", refused: messages(hello, turn("assistant"), hello), taken: messages(hello, hi, hello), message: "messages.1 is empty"},
	{rule: "blank text", refused: messages(turn("user", text("a"), text(""))), taken: messages(turn("user", text("a"), text("\n"), text(" \t"))), message: "messages.0.content.1 is blank"},
	{
		rule: "blank text", message: "messages.2.content.0.toolResult.content.0 is blank",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), "done", "", 1))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", result("a"))),
	},
	{
		rule: "space only", message: "messages: text content blocks must contain non-whitespace text", takenBy: "us.amazon.nova-lite-v1:0",
		refused: messages(turn("user", text("\n"))), taken: messages(turn("user", text("a"), documentBlock("a", 9), text("\n"), cachePointBlock, text("b"))),
	},
	{
		rule: "space only", message: "non-whitespace", takenBy: "us.amazon.nova-lite-v1:0",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), "done", " ", 1))),
	},
	{
		rule: "space only", message: "system: text content", takenBy: "us.amazon.nova-lite-v1:0",
		refused: `{"system":[{"text":" "}],"messages":[` + hello + `]}`, taken: `{"system":[{"text":" "},{"text":"a"}],"messages":[` + hello + `]}`,
	},
	{rule: "misplaced blocks", refused: messages(hello, turn("assistant", image(9)), hello), taken: messages(turn("user", text("a"), image(9))), message: "image block at messages.1.content.0"},
	{rule: "misplaced blocks", refused: withTools(turn("user", call("a"))), taken: withTools(hello, turn("assistant", call("a"))), message: "toolUse block"},
	{
		rule: "misplaced blocks", message: "reasoningContent block",
		refused: messages(turn("user", `{"reasoningContent":{"reasoningText":{"text":"hm"}}}`)), taken: messages(hello),
	},

	{rule: "tool config", refused: messages(hello, turn("assistant", call("a")), turn("user", result("a"))), taken: withTools(hello, turn("assistant", call("a")), turn("user", result("a"))), message: "toolConfig"},
	{rule: "tool names", refused: offer("", spec("t", `{"type":"object"}`), spec("t", `{"type":"object"}`)), taken: offer("", spec("t", `{"type":"object"}`), spec("u", `{"type":"object"}`)), message: "The model returned the following errors: tools: Tool names must be unique.", takenBy: "us.amazon.nova-lite-v1:0"},
	{
		rule: "tool choice", message: "tool u at toolConfig.toolChoice.tool.name",
		refused: offer(`,"toolChoice":{"tool":{"name":"u"}}`, spec("t", `{"type":"object"}`)), taken: offer(`,"toolChoice":{"tool":{"name":"t"}}`, spec("t", `{"type":"object"}`)),
	},
	{rule: "tool schema", refused: offer("", spec("t", `{"properties":{}}`)), taken: offer("", spec("t", `{"type":"object","properties":{}}`)), message: "toolConfig.tools.0.toolSpec.inputSchema.json.type"},
	{rule: "tool schema", refused: offer("", spec("t", `{"oneOf":[]}`)), taken: offer("", spec("t", `{"type":"object"}`)), message: "one of the following: object"},
	{rule: "tool schema", refused: offer("", spec("t", `[]`)), taken: offer("", spec("t", `{"type":"object"}`)), message: "json object"},
	{
		rule: "tool documents", message: "messages.1.content.0.toolUse.input",
		refused: withTools(hello, turn("assistant", strings.Replace(call("a"), "{}}", `"x"}`, 1))), taken: withTools(hello, turn("assistant", call("a"))),
	},
	{
		rule: "tool documents", message: "messages.2.content.0.toolResult.content.0.json",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `"text":"done"`, `"json":[1]`, 1))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `"text":"done"`, `"json":{"a":1}`, 1))),
	},
	{
		rule: "missing results", message: "messages.2.content for the following Ids: b",
		refused: withTools(hello, turn("assistant", call("a"), call("b")), turn("user", result("a"))),
		taken:   withTools(hello, turn("assistant", call("a"), call("b")), turn("user", result("b"), result("a"))),
	},
	{
		rule: "surplus results", message: "messages.2.content exceeds",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", result("a"), result("b"))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", result("a"), text("and?"))),
	},
	{rule: "surplus results", refused: withTools(turn("user", result("a"))), taken: withTools(hello), message: "messages.0.content exceeds"},
	{
		rule: "surplus results", message: "messages.2.content exceeds",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", result("a"), result("a"))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", result("a"))),
	},
	{
		rule: "result content", model: "nvidia.nemotron-nano-9b-v2", message: "messages.2.content.0 is empty", takenBy: claude,
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, "", 1))),
	},
	{rule: "strict tools", refused: offer("", strings.Replace(spec("t", `{"type":"object","properties":{"a":{"oneOf":[]}}}`), `"name"`, `"strict":true,"name"`, 1)), taken: offer("", spec("t", `{"type":"object","properties":{"a":{"oneOf":[]}}}`)), message: "oneOf"},
	{rule: "strict tools", refused: offer("", repeat(21, strings.Replace(spec("t#", `{"type":"object"}`), `"name"`, `"strict":true,"name"`, 1))...), taken: offer("", repeat(20, strings.Replace(spec("t#", `{"type":"object"}`), `"name"`, `"strict":true,"name"`, 1))...), message: "20 strict tools"},

	{rule: "media count", refused: messages(turn("user", append(repeat(21, image(9)), text("see"))...)), taken: messages(turn("user", append(repeat(20, image(9)), text("see"))...)), message: "messages.0 has 21 images"},
	{rule: "media count", refused: messages(turn("user", append(repeat(6, documentBlock("d#", 9)), text("see"))...)), taken: messages(turn("user", append(repeat(5, documentBlock("d#", 9)), text("see"))...)), message: "messages.0 has 6 documents"},
	{rule: "media size", refused: messages(turn("user", text("see"), image(3_750_003))), taken: messages(turn("user", text("see"), image(3_749_997))), message: "messages.0.content.1"},
	{rule: "media size", refused: messages(turn("user", text("see"), documentBlock("d", 4_500_003))), taken: messages(turn("user", text("see"), documentBlock("d", 4_499_997))), message: "4.5 MB"},
	{rule: "document text", refused: messages(turn("user", documentBlock("d", 9))), taken: messages(turn("user", documentBlock("d", 9), text("see"))), message: "A text block must be included when using documents."},
	{rule: "document names", refused: messages(turn("user", text("see"), documentBlock("a.pdf", 9))), taken: messages(turn("user", text("see"), documentBlock("a_1 [1] (b-c)", 9))), message: "messages.0.content.1"},
	{rule: "document names", refused: messages(turn("user", text("see"), documentBlock("a  b", 9))), taken: messages(turn("user", text("see"), documentBlock("a b", 9))), message: "consecutive"},
	{rule: "document names", refused: messages(turn("user", text("see"), documentBlock("a", 9), documentBlock("a", 9))), taken: messages(turn("user", text("see"), documentBlock("a", 9), documentBlock("b", 9))), message: "Messages can't contain duplicate document names. Rename the document and retry your request."},

	{
		rule: "media support", message: "This model doesn't support the video content block that you provided. Update the content block and try again.",
		refused: messages(turn("user", text("see"), stored("video", "mp4", ""))), takenBy: "us.amazon.nova-pro-v1:0",
	},
	{
		rule: "media support", message: "video content block", takenBy: "us.amazon.nova-pro-v1:0",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, stored("video", "mp4", ""), 1))),
	},
	{
		rule: "media support", message: "This model doesn't support the s3Uri field. Remove s3Uri and try again.", takenBy: "us.amazon.nova-pro-v1:0",
		refused: messages(turn("user", text("see"), stored("image", "png", ""))), taken: messages(turn("user", text("see"), image(9))),
	},
	{
		rule: "result media", model: "us.amazon.nova-2-lite-v1:0", takenBy: "us.amazon.nova-lite-v1:0",
		message: "Malformed input request: #/messages/2/content/0: extraneous key [toolResult] is not permitted, please reformat your input and try again.",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, documentBlock("d", 9), 1))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, strings.Replace(documentBlock("d", 9), "pdf", "txt", 1), 1))),
	},
	{
		rule: "result media", model: "us.amazon.nova-2-lite-v1:0", takenBy: "us.amazon.nova-lite-v1:0", message: "#/messages/2/content/0",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, stored("video", "mp4", ""), 1))),
	},
	{
		rule: "result media", model: "global.openai.gpt-5.6-luna", takenBy: claude, message: "This model doesn't support the image field for user messages.",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, image(9), 1))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", result("a"), image(9))),
	},
	{
		rule: "too long", model: "us.amazon.nova-2-lite-v1:0", takenBy: "us.amazon.nova-pro-v1:0",
		message: "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.",
		refused: messages(turn("user", text(strings.Repeat("ha ", novaContext)))), taken: messages(turn("user", text(strings.Repeat("ha ", novaContext/2)))),
	},
	{
		rule: "image type", message: "The model returned the following errors: The detected file MIME type application/octet-stream does not match the expected type image/jpeg. Reformat your input and try again.",
		refused: messages(turn("user", text("see"), `{"image":{"format":"jpeg","source":{"bytes":"AAAA"}}}`)),
		taken:   messages(turn("user", text("see"), `{"image":{"format":"jpeg","source":{"bytes":"/9j/"}}}`)),
	},
	{
		rule: "image type", message: "type text/plain does not match the expected type image/png.",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, `{"image":{"format":"png","source":{"bytes":"aGVsbG8="}}}`, 1))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, image(9), 1))),
	},

	{rule: "tool support", model: "amazon.titan-text-express-v1", refused: withTools(hello), message: "tool use", takenBy: claude},
	{rule: "tool support", model: "us.meta.llama4-scout-17b-instruct-v1:0", refused: withTools(hello), message: "streaming", takenBy: claude, streaming: true},
	{
		rule: "tool choice support", model: "us.meta.llama3-3-70b-instruct-v1:0", message: "toolConfig.toolChoice.any",
		refused: offer(`,"toolChoice":{"any":{}}`, spec("t", `{"type":"object"}`)), taken: offer(`,"toolChoice":{"auto":{}}`, spec("t", `{"type":"object"}`)),
	},
	{rule: "tool choice support", model: "us.meta.llama3-3-70b-instruct-v1:0", refused: offer(`,"toolChoice":{"tool":{"name":"t"}}`, spec("t", `{"type":"object"}`)), takenBy: "openai.gpt-oss-20b-1:0", message: "toolChoice.tool"},
	{rule: "tool choice support", model: "mistral.mistral-large-2407-v1:0", refused: offer(`,"toolChoice":{"tool":{"name":"t"}}`, spec("t", `{"type":"object"}`)), takenBy: claude, message: "toolChoice.tool"},
	{rule: "system support", model: "amazon.titan-text-express-v1", refused: `{"system":[{"text":"a"}],"messages":[` + hello + `]}`, taken: messages(hello), message: "system messages"},
	{
		rule: "status support", model: "us.writer.palmyra-x5-v1:0", message: "messages.2.content.0.toolResult.status", takenBy: claude,
		refused: withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `"content"`, `"status":"error","content"`, 1))),
	},
	{rule: "token cap", model: "us.amazon.nova-pro-v1:0", refused: `{"messages":[` + hello + `],"inferenceConfig":{"maxTokens":10001}}`, taken: `{"messages":[` + hello + `],"inferenceConfig":{"maxTokens":10000}}`, message: "10000"},
	{rule: "last turn", model: "us.anthropic.claude-opus-4-6-v1", refused: messages(hello, hi), takenBy: claude, message: "prefill"},
	{rule: "last turn", refused: messages(hello, turn("assistant", text("so "))), taken: messages(hello, turn("assistant", text("so"))), message: "trailing whitespace"},
	{
		rule: "beside results", message: "The model returned the following errors: messages.2.content.2.document.source.type: Field required", takenBy: "us.amazon.nova-pro-v1:0",
		refused: withTools(hello, turn("assistant", call("a")), turn("user", result("a"), text("see"), stored("document", "pdf", `"name":"d",`))),
		taken:   withTools(hello, turn("assistant", call("a")), turn("user", result("a"), text("see"), documentBlock("d", 9))),
	},
	{
		rule: "beside results", model: "us.meta.llama3-3-70b-instruct-v1:0", message: "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.", takenBy: claude,
		refused: withTools(hello, turn("assistant", call("a")), turn("user", result("a"), text("and?"))),
	},
	{
		rule: "sampling", model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", message: "`top_p`", takenBy: claude,
		refused: `{"messages":[` + hello + `],"inferenceConfig":{"temperature":0.5,"topP":0.5}}`, taken: `{"messages":[` + hello + `],"inferenceConfig":{"temperature":0.5}}`,
	},
	{
		rule: "sampling", model: "us.anthropic.claude-opus-4-7", message: "not supported",
		refused: `{"messages":[` + hello + `],"inferenceConfig":{"temperature":0.5}}`, taken: `{"messages":[` + hello + `],"inferenceConfig":{"temperature":1}}`,
	},
	{
		rule: "sampling", model: "global.anthropic.claude-sonnet-5", message: "not supported",
		refused: `{"messages":[` + hello + `],"inferenceConfig":{"topP":0.5}}`, taken: messages(hello),
	},
	{rule: "blank stop sequence", refused: `{"messages":[` + hello + `],"inferenceConfig":{"stopSequences":[" "]}}`, taken: `{"messages":[` + hello + `],"inferenceConfig":{"stopSequences":["x"]}}`, message: "non-whitespace"},
	{
		rule: "thinking", message: "forces tool use",
		refused: strings.Replace(offer(`,"toolChoice":{"any":{}}`, spec("t", `{"type":"object"}`)), `{`, `{"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}},`, 1),
		taken:   strings.Replace(offer(`,"toolChoice":{"auto":{}}`, spec("t", `{"type":"object"}`)), `{`, `{"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}},`, 1),
	},
	{
		rule: "thinking", message: "budget_tokens",
		refused: `{"messages":[` + hello + `],"inferenceConfig":{"maxTokens":1024},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}}`,
		taken:   `{"messages":[` + hello + `],"inferenceConfig":{"maxTokens":1025},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}}`,
	},
	{
		rule: "reasoning", message: "messages.1.content.0.thinking.signature",
		refused: messages(hello, turn("assistant", `{"reasoningContent":{"reasoningText":{"text":"hm"}}}`, text("hi")), hello),
		taken:   messages(hello, turn("assistant", `{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}}`, text("hi")), hello),
	},
	{
		rule: "reasoning", message: "Invalid `signature`", takenBy: "openai.gpt-oss-20b-1:0",
		refused: messages(hello, turn("assistant", `{"reasoningContent":{"reasoningText":{"text":"hm","signature":""}}}`, text("hi")), hello),
	},
	{rule: "cache support", model: "us.amazon.nova-lite-v1:0", refused: messages(turn("user", text("a"), `{"cachePoint":{"type":"default","ttl":"1h"}}`)), takenBy: claude, message: "Extended TTL"},
	{rule: "cache support", model: "moonshot.kimi-k2-thinking", refused: messages(turn("user", text("a"), cachePointBlock)), takenBy: claude, message: "prompt caching"},
	{
		rule: "cache support", model: "us.amazon.nova-pro-v1:0", message: "extraneous key [cachePoint] is not permitted at messages.2.content.1", takenBy: claude,
		refused: withTools(hello, turn("assistant", call("a")), turn("user", result("a"), cachePointBlock)),
	},
	{rule: "cache points", refused: messages(turn("user", append([]string{text("a")}, repeat(5, cachePointBlock)...)...)), taken: messages(turn("user", append([]string{text("a")}, repeat(4, cachePointBlock)...)...)), message: "maximum of 4"},
	{
		rule: "cache points", message: "messages.0.content.1",
		refused: `{"system":[{"text":"a"},` + cachePointBlock + `],"messages":[` + turn("user", text("a"), `{"cachePoint":{"type":"default","ttl":"1h"}}`) + `]}`,
		taken:   `{"system":[{"text":"a"},{"cachePoint":{"type":"default","ttl":"1h"}}],"messages":[` + turn("user", text("a"), cachePointBlock) + `]}`,
	},
}

func TestRules(t *testing.T) {
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			model := c.model
			if model == "" && c.rule != "modelId" {
				model = claude
			}
			options := Options{Streaming: c.streaming}
			err := Request(model, []byte(c.refused), options)
			if err == nil || err.Rule != c.rule && c.rule != "modelId" || !strings.Contains(err.Message, c.message) {
				t.Errorf("error %+v, want rule %q and %q", err, c.rule, c.message)
			}
			if c.taken != "" {
				if err := Request(model, []byte(c.taken), options); err != nil {
					t.Errorf("the accepted request is rejected: %+v", err)
				}
			}
			if c.takenBy != "" {
				if err := Request(c.takenBy, []byte(c.refused), options); err != nil {
					t.Errorf("%s rejects it, too: %+v", c.takenBy, err)
				}
			}
		})
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	for _, rule := range rules() {
		found := false
		for _, c := range cases {
			found = found || c.rule == rule.name && (c.taken != "" || c.takenBy != "")
		}
		if !found {
			t.Errorf("rule %q has no pair of a rejected and an accepted request", rule.name)
		}
		if rule.evidence == "" {
			t.Errorf("rule %q has no evidence", rule.name)
		}
	}
}

func TestLenientRoles(t *testing.T) {
	if err := Request(claude, []byte(messages(hello, hello)), Options{LenientRoles: true}); err != nil {
		t.Errorf("got %v", err)
	}
}

// Only in a stream does a rejection come after the status.
func TestImageTypeInStream(t *testing.T) {
	body := []byte(messages(turn("user", text("see"), `{"image":{"format":"png","source":{"bytes":"aGVsbG8="}}}`)))
	for _, streaming := range []bool{false, true} {
		if err := Request(claude, body, Options{Streaming: streaming}); err == nil || err.InStream != streaming || err.Status != 400 {
			t.Errorf("streaming %v: got %+v", streaming, err)
		}
	}
	if err := Request(claude, []byte(messages(hello, hello)), Options{Streaming: true}); err == nil || err.InStream {
		t.Errorf("turns: got %+v", err)
	}
}

func TestCachingIsAMatterOfAccess(t *testing.T) {
	err := Request("google.gemma-3-27b-it", []byte(messages(turn("user", text("a"), cachePointBlock))), Options{})
	if err == nil || err.Code != "AccessDeniedException" || err.Status != 403 {
		t.Errorf("got %+v", err)
	}
}

// An opaque ARN has no family.
func TestOpaqueModel(t *testing.T) {
	const arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"
	body := `{"messages":[` + hello + `,` + hi + `],"inferenceConfig":{"temperature":0.5,"topP":0.5,"maxTokens":200000}}`
	if err := Request(arn, []byte(body), Options{}); err != nil {
		t.Errorf("got %v", err)
	}
	known := "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-6-v1"
	if err := Request(known, []byte(body), Options{}); err == nil || err.Rule != "last turn" {
		t.Errorf("got %v", err)
	}
}
