package client

import "encoding/json"

// anthropic is Anthropic's Messages.
type anthropic struct{}

type anthropicMessage struct {
	Role    string           `json:"role"`
	Content []anthropicBlock `json:"content"`
}

type anthropicBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	Thinking  *string         `json:"thinking,omitempty"`
	Signature string          `json:"signature,omitempty"`
	Data      string          `json:"data,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	ToolUseID string          `json:"tool_use_id,omitempty"`
	Content   string          `json:"content,omitempty"`
}

func (anthropic) request(r *Request) (string, any) {
	return "/v1/messages", struct {
		Model     string            `json:"model,omitempty"`
		MaxTokens int               `json:"max_tokens,omitempty"`
		System    string            `json:"system,omitempty"`
		Messages  []json.RawMessage `json:"messages"`
		Tools     []Tool            `json:"tools,omitempty"`
		Stream    bool              `json:"stream"`
	}{r.Model, r.MaxTokens, r.System, r.Messages, r.Tools, true}
}

func (anthropic) messages(in Input) []any {
	m := anthropicMessage{Role: "user"}
	for _, r := range in.Results {
		m.Content = append(m.Content, anthropicBlock{Type: "tool_result", ToolUseID: r.CallID, Content: r.Text})
	}
	if len(in.Results) == 0 {
		m.Content = append(m.Content, anthropicBlock{Type: "text", Text: in.Text})
	}
	return []any{m}
}

func (anthropic) assistant(a *Answer) []any {
	m := anthropicMessage{Role: "assistant", Content: []anthropicBlock{}}
	for _, b := range a.blocks {
		thought := b.reasoning.String()
		switch {
		case b.call != nil:
			m.Content = append(m.Content, anthropicBlock{Type: "tool_use", ID: b.call.ID, Name: b.call.Name, Input: b.arguments()})
		case b.redacted != "":
			m.Content = append(m.Content, anthropicBlock{Type: "redacted_thinking", Data: b.redacted})
		case thought != "" || b.signature != "":
			m.Content = append(m.Content, anthropicBlock{Type: "thinking", Thinking: &thought, Signature: b.signature})
		case b.text.Len() > 0:
			m.Content = append(m.Content, anthropicBlock{Type: "text", Text: b.text.String()})
		}
	}
	return []any{m}
}

type anthropicUsage struct {
	Input      int `json:"input_tokens"`
	Output     int `json:"output_tokens"`
	CacheRead  int `json:"cache_read_input_tokens"`
	CacheWrite int `json:"cache_creation_input_tokens"`
}

// anthropicEvent has the members of all events of a stream; its type says which it has.
type anthropicEvent struct {
	Type    string
	Index   int
	Message struct{ Model string }
	Block   anthropicBlock `json:"content_block"`
	Delta   struct {
		Type, Text, Thinking, Signature string
		PartialJSON                     string `json:"partial_json"`
		StopReason                      string `json:"stop_reason"`
	}
	Usage   *anthropicUsage
	Bedrock struct{ Cost cost }
}

func (anthropic) read(a *Answer, e event) error {
	var v anthropicEvent
	if err := json.Unmarshal(e.data, &v); err != nil {
		return err
	}
	switch v.Type {
	case "message_start":
		a.Model = v.Message.Model
	case "content_block_start":
		b := a.at(v.Index)
		b.redacted = v.Block.Data
		if v.Block.Type == "tool_use" {
			b.call = &Call{ID: v.Block.ID, Name: v.Block.Name}
		}
	case "content_block_delta":
		b := a.at(v.Index)
		a.addText(v.Index, v.Delta.Text)
		a.addReasoning(v.Index, v.Delta.Thinking)
		b.signature += v.Delta.Signature
		b.input.WriteString(v.Delta.PartialJSON)
	case "message_delta":
		a.StopReason, a.Cost = v.Delta.StopReason, v.Bedrock.Cost.String()
		if v.Usage != nil {
			a.Usage = Usage(*v.Usage)
		}
	case "message_stop":
		a.complete = true
	case "error":
		return parseError(e.data)
	}
	return nil
}
