package fakebedrock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// streamEvents returns the events of a reply in the service's order. Only block kinds
// that need it have a contentBlockStart, and metadata comes last.
func streamEvents(reply Reply, modelID string) ([]Event, error) {
	events := []Event{{Type: "messageStart", Members: map[string]any{"role": "assistant"}}}
	for i, block := range reply.Content {
		b := blockEvents{index: i, wholeInput: wholeInput(modelID), emptyFirst: emptyFirst(modelID)}
		if i == len(reply.Content)-1 {
			b.cutInput = reply.CutInput
		}
		if err := b.add(block); err != nil {
			return nil, err
		}
		events = append(events, b.events...)
		events = append(events, Event{Type: "contentBlockStop", Members: map[string]any{"contentBlockIndex": i}})
	}
	stop := map[string]any{"stopReason": reply.StopReason}
	if reply.AdditionalModelResponseFields != nil {
		stop["additionalModelResponseFields"] = reply.AdditionalModelResponseFields
	}
	meta := map[string]any{"usage": reply.Usage.JSON()}
	addOptional(meta, reply)
	return append(events, Event{Type: "messageStop", Members: stop}, Event{Type: "metadata", Members: meta}), nil
}

// blockEvents collects the events of one content block.
type blockEvents struct {
	index      int
	wholeInput bool   // send a tool's input in one delta
	emptyFirst bool   // send an empty fragment before a tool's input
	cutInput   string // replaces the tool's input, if not ""
	events     []Event
}

func (b *blockEvents) start(kind string, members map[string]any) {
	b.events = append(b.events, Event{Type: "contentBlockStart", Members: map[string]any{
		"contentBlockIndex": b.index, "start": map[string]any{kind: members},
	}})
}

func (b *blockEvents) delta(kind string, value any) {
	b.events = append(b.events, Event{Type: "contentBlockDelta", Members: map[string]any{
		"contentBlockIndex": b.index, "delta": map[string]any{kind: value},
	}})
}

// texts adds one delta per token of a text.
func (b *blockEvents) texts(text string, wrap func(string) (kind string, value any)) {
	tokens := converse.Tokens(text)
	if len(tokens) == 0 {
		tokens = []string{""}
	}
	for _, token := range tokens {
		kind, value := wrap(token)
		b.delta(kind, value)
	}
}

// add appends the start and the deltas of a block.
func (b *blockEvents) add(block ReplyBlock) error {
	for kind, value := range block {
		raw, err := marshal(value)
		if err != nil {
			return fmt.Errorf("block %d: %w", b.index, err)
		}
		if err := b.addKind(kind, raw); err != nil {
			return fmt.Errorf("block %d, %s: %w", b.index, kind, err)
		}
	}
	return nil
}

func (b *blockEvents) addKind(kind string, raw json.RawMessage) error {
	switch kind {
	case "text":
		var text string
		err := json.Unmarshal(raw, &text)
		b.texts(text, func(token string) (string, any) { return "text", token })
		return err
	case "toolUse":
		return b.addToolUse(raw)
	case "toolResult":
		return b.addToolResult(raw)
	case "reasoningContent":
		return b.addReasoning(raw)
	case "citationsContent":
		return b.addCitations(raw)
	case "image":
		return b.addImage(raw)
	}
	b.start(kind, map[string]any{})
	b.delta(kind, raw)
	return nil
}

func (b *blockEvents) addToolUse(raw json.RawMessage) error {
	var use map[string]json.RawMessage
	if err := json.Unmarshal(raw, &use); err != nil {
		return err
	}
	start := map[string]any{}
	for name, value := range use {
		if name != "input" {
			start[name] = value
		}
	}
	b.start("toolUse", start)
	input := string(use["input"])
	if b.cutInput != "" {
		input = b.cutInput
	}
	for _, fragment := range b.fragments(input) {
		b.delta("toolUse", map[string]any{"input": fragment})
	}
	return nil
}

// fragments splits a tool's input as the model family does. An empty input has no
// fragments, or an empty one.
func (b *blockEvents) fragments(input string) []string {
	var list []string
	if b.emptyFirst {
		list = append(list, "")
	}
	switch {
	case input == "" || input == "{}" && b.emptyFirst:
		return list
	case b.wholeInput:
		return append(list, input)
	}
	for tokens := range slices.Chunk(converse.Tokens(input), 3) {
		list = append(list, strings.Join(tokens, ""))
	}
	return list
}

func (b *blockEvents) addToolResult(raw json.RawMessage) error {
	var result map[string]json.RawMessage
	if err := json.Unmarshal(raw, &result); err != nil {
		return err
	}
	start := map[string]any{}
	for name, value := range result {
		if name != "content" {
			start[name] = value
		}
	}
	b.start("toolResult", start)
	b.delta("toolResult", result["content"])
	return nil
}

func (b *blockEvents) addReasoning(raw json.RawMessage) error {
	var r struct {
		ReasoningText   *converse.ReasoningText
		RedactedContent *string
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	if r.RedactedContent != nil {
		b.delta("reasoningContent", map[string]any{"redactedContent": *r.RedactedContent})
		return nil
	}
	if r.ReasoningText != nil && r.ReasoningText.Text != nil {
		b.texts(*r.ReasoningText.Text, func(token string) (string, any) { return "reasoningContent", map[string]any{"text": token} })
	}
	if r.ReasoningText != nil && r.ReasoningText.Signature != nil {
		b.delta("reasoningContent", map[string]any{"signature": *r.ReasoningText.Signature})
	}
	return nil
}

func (b *blockEvents) addCitations(raw json.RawMessage) error {
	var c struct {
		Content   []struct{ Text string }
		Citations []json.RawMessage
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	for _, part := range c.Content {
		b.texts(part.Text, func(token string) (string, any) { return "text", token })
	}
	for _, citation := range c.Citations {
		b.delta("citation", citation)
	}
	return nil
}

func (b *blockEvents) addImage(raw json.RawMessage) error {
	var image struct{ Format, Source, Error json.RawMessage }
	if err := json.Unmarshal(raw, &image); err != nil {
		return err
	}
	b.start("image", map[string]any{"format": image.Format})
	delta := map[string]any{"source": image.Source}
	if image.Error != nil {
		delta["error"] = image.Error
	}
	b.delta("image", delta)
	return nil
}
