package client

import (
	"encoding/json"
	"net/url"
)

// bedrock is Bedrock's own ConverseStream.
type bedrock struct{}

type (
	converseMessage struct {
		Role    string          `json:"role"`
		Content []converseBlock `json:"content"`
	}
	converseBlock struct {
		Text       *string          `json:"text,omitempty"`
		ToolUse    *converseToolUse `json:"toolUse,omitempty"`
		ToolResult *converseResult  `json:"toolResult,omitempty"`
		Reasoning  *converseThought `json:"reasoningContent,omitempty"`
	}
	converseToolUse struct {
		ID    string          `json:"toolUseId"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	}
	converseResult struct {
		ID      string          `json:"toolUseId"`
		Content []converseBlock `json:"content"`
	}
	converseThought struct {
		Text     *converseSigned `json:"reasoningText,omitempty"`
		Redacted string          `json:"redactedContent,omitempty"`
	}
	converseSigned struct {
		Text      string `json:"text"`
		Signature string `json:"signature,omitempty"`
	}
)

func (bedrock) request(r *Request) (string, any) {
	body := map[string]any{"messages": r.Messages}
	if r.System != "" {
		body["system"] = []converseBlock{{Text: &r.System}}
	}
	if r.MaxTokens > 0 {
		body["inferenceConfig"] = map[string]int{"maxTokens": r.MaxTokens}
	}
	var tools []any
	for _, t := range r.Tools {
		spec := map[string]any{"name": t.Name, "inputSchema": map[string]any{"json": t.InputSchema}}
		if t.Description != "" {
			spec["description"] = t.Description
		}
		tools = append(tools, map[string]any{"toolSpec": spec})
	}
	if len(tools) > 0 {
		body["toolConfig"] = map[string]any{"tools": tools}
	}
	return "/model/" + url.PathEscape(r.Model) + "/converse-stream", body
}

func (bedrock) messages(in Input) []any {
	m := converseMessage{Role: "user"}
	for _, r := range in.Results {
		m.Content = append(m.Content, converseBlock{ToolResult: &converseResult{r.CallID, []converseBlock{{Text: &r.Text}}}})
	}
	if len(in.Results) == 0 {
		m.Content = append(m.Content, converseBlock{Text: &in.Text})
	}
	return []any{m}
}

func (bedrock) assistant(a *Answer) []any {
	m := converseMessage{Role: "assistant", Content: []converseBlock{}}
	for _, b := range a.blocks {
		switch {
		case b.call != nil:
			m.Content = append(m.Content, converseBlock{ToolUse: &converseToolUse{b.call.ID, b.call.Name, b.arguments()}})
		case b.redacted != "":
			m.Content = append(m.Content, converseBlock{Reasoning: &converseThought{Redacted: b.redacted}})
		case b.reasoning.Len() > 0 || b.signature != "":
			m.Content = append(m.Content, converseBlock{Reasoning: &converseThought{Text: &converseSigned{b.reasoning.String(), b.signature}}})
		case b.text.Len() > 0:
			text := b.text.String()
			m.Content = append(m.Content, converseBlock{Text: &text})
		}
	}
	return []any{m}
}

// converseEvent has the members of all frames of a stream; the frame's type says which it has.
type converseEvent struct {
	Index int `json:"contentBlockIndex"`
	Start struct {
		ToolUse *converseToolUse `json:"toolUse"`
	}
	Delta struct {
		Text    string
		ToolUse struct{ Input string } `json:"toolUse"`
		Thought struct {
			Text, Signature string
			Redacted        string `json:"redactedContent"`
		} `json:"reasoningContent"`
	}
	StopReason string `json:"stopReason"`
	Usage      struct {
		Input      int `json:"inputTokens"`
		Output     int `json:"outputTokens"`
		CacheRead  int `json:"cacheReadInputTokens"`
		CacheWrite int `json:"cacheWriteInputTokens"`
	}
}

func (bedrock) read(a *Answer, e event) error {
	if e.exception != "" {
		err := parseError(e.data)
		err.Type = e.exception
		return err
	}
	var v converseEvent
	if err := json.Unmarshal(e.data, &v); err != nil {
		return err
	}
	switch e.name {
	case "contentBlockStart":
		if t := v.Start.ToolUse; t != nil {
			a.at(v.Index).call = &Call{ID: t.ID, Name: t.Name}
		}
	case "contentBlockDelta":
		b := a.at(v.Index)
		a.addText(v.Index, v.Delta.Text)
		a.addReasoning(v.Index, v.Delta.Thought.Text)
		b.signature += v.Delta.Thought.Signature
		b.redacted += v.Delta.Thought.Redacted
		b.input.WriteString(v.Delta.ToolUse.Input)
	case "messageStop":
		a.StopReason, a.complete = v.StopReason, true
	case "metadata":
		a.Usage = Usage(v.Usage)
	}
	return nil
}
