package answer

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Shows returns the kinds of content that Options.Show takes.
func Shows() []string {
	return []string{"citations", "guardrail", "image", "reasoning", "redacted", "server-tool"}
}

// onePixel is a PNG.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// extras returns the blocks before the answer: reasoning, images, citations, server
// tool calls.
func extras(r *converse.Request, o Options) []converse.ReplyBlock {
	var blocks []converse.ReplyBlock
	shows := func(kind string) bool { return slices.Contains(o.Show, kind) }
	if o.Reasoning != "" {
		blocks = append(blocks, reasoning(o.Reasoning))
	} else if shows("reasoning") || thinks(r) && !shows("redacted") {
		blocks = append(blocks, reasoning("The user wants an answer. There is no model here to think about it, so this thought is canned."))
	}
	if shows("redacted") {
		hidden := base64.StdEncoding.EncodeToString([]byte("fakebedrock: a hidden thought"))
		blocks = append(blocks, converse.ReplyBlock{"reasoningContent": map[string]any{"redactedContent": hidden}})
	}
	if shows("server-tool") {
		blocks = append(blocks, serverTool()...)
	}
	if shows("image") {
		blocks = append(blocks, converse.ReplyBlock{"image": map[string]any{"format": "png", "source": map[string]any{"bytes": onePixel}}})
	}
	if shows("citations") {
		blocks = append(blocks, cited("This sentence is cited.", map[string]any{
			"location": map[string]any{"web": map[string]any{"domain": "example.com", "url": "https://example.com/stand-in"}},
			"title":    "The stand-in",
		}))
	}
	return blocks
}

// reasoning returns a reasoning block with a meaningless signature.
func reasoning(text string) converse.ReplyBlock {
	signature := base64.StdEncoding.EncodeToString([]byte("fakebedrock signed: " + text))
	return converse.ReplyBlock{"reasoningContent": map[string]any{
		"reasoningText": map[string]any{"signature": signature, "text": text},
	}}
}

func serverTool() []converse.ReplyBlock {
	const id = "tooluse_server0000000000000000"
	return []converse.ReplyBlock{
		{"toolUse": map[string]any{
			"input": json.RawMessage(`{"snippet":"6*7"}`), "name": "nova_code_interpreter", "toolUseId": id, "type": "server_tool_use",
		}},
		{"toolResult": map[string]any{
			"content":   []any{map[string]any{"json": map[string]any{"exitCode": 0, "stdOut": "42"}}},
			"toolUseId": id, "type": "nova_code_interpreter_result",
		}},
	}
}

// thinks reports whether the request enables reasoning.
func thinks(r *converse.Request) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(r.AdditionalModelRequestFields, &fields) != nil {
		return false
	}
	for _, name := range []string{"thinking", "reasoning_config", "reasoningConfig"} {
		var config struct{ Type string }
		if json.Unmarshal(fields[name], &config) == nil && config.Type != "" && config.Type != "disabled" {
			return true
		}
	}
	return fields["reasoning_effort"] != nil
}

// cite answers from the first document with citations enabled.
func cite(r *converse.Request) ([]converse.ReplyBlock, bool) {
	index := 0
	for _, b := range r.LastUserTurn() {
		if b.Document == nil {
			continue
		}
		if b.Document.Citations == nil || !b.Document.Citations.Enabled {
			index++
			continue
		}
		text := "The document says so."
		if b.Document.Source.Text != nil {
			text = strings.TrimSpace(firstTokens(*b.Document.Source.Text, 12))
		}
		return []converse.ReplyBlock{cited("According to "+b.Document.Name+": "+text, map[string]any{
			"location":      map[string]any{"documentChar": map[string]any{"documentIndex": index, "end": len(text), "start": 0}},
			"sourceContent": []any{map[string]any{"text": text}},
			"title":         b.Document.Name,
		})}, true
	}
	return nil, false
}

func cited(text string, citation map[string]any) converse.ReplyBlock {
	return converse.ReplyBlock{"citationsContent": map[string]any{
		"citations": []any{citation}, "content": []any{map[string]any{"text": text}},
	}}
}
