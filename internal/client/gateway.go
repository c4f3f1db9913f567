package client

import "encoding/json"

// gateway is the agentic gateway's API.
type gateway struct{}

type gatewayMessage struct {
	Role        string          `json:"role"`
	Content     json.RawMessage `json:"content,omitempty"`
	ToolCalls   []Call          `json:"tool_calls,omitempty"`
	ToolResults []gatewayResult `json:"tool_results,omitempty"`
}

type gatewayResult struct {
	ToolUseID string `json:"tool_use_id"`
	Content   string `json:"content"`
}

func (gateway) request(r *Request) (string, any) {
	return "/api/v1/llm/completions/stream", struct {
		Model     string            `json:"model,omitempty"`
		System    string            `json:"system,omitempty"`
		MaxTokens int               `json:"max_tokens,omitempty"`
		Messages  []json.RawMessage `json:"messages"`
		Tools     []Tool            `json:"tools,omitempty"`
	}{r.Model, r.System, r.MaxTokens, r.Messages, r.Tools}
}

func (gateway) messages(in Input) []any {
	if len(in.Results) == 0 {
		return []any{gatewayMessage{Role: "user", Content: quoted(in.Text)}}
	}
	m := gatewayMessage{Role: "user"}
	for _, r := range in.Results {
		m.ToolResults = append(m.ToolResults, gatewayResult{r.CallID, r.Text})
	}
	return []any{m}
}

func (gateway) assistant(a *Answer) []any {
	if len(a.raw) > 0 { // content_blocks
		return []any{gatewayMessage{Role: "assistant", Content: a.raw[0]}}
	}
	return []any{gatewayMessage{Role: "assistant", Content: quoted(a.Text()), ToolCalls: a.Calls()}}
}

// gatewayEvent has the members of all events of a stream; its type says which it has.
type gatewayEvent struct {
	Type       string
	Delta      string
	Index      int
	ID, Name   string
	Input      json.RawMessage
	StopReason string `json:"stop_reason"`
	Model      string
	Usage      *Usage
	Metadata   struct {
		ContentBlocks json.RawMessage `json:"content_blocks"`
		Cost          cost
	}
}

func (gateway) read(a *Answer, e event) error {
	var v gatewayEvent
	if err := json.Unmarshal(e.data, &v); err != nil {
		return err
	}
	switch v.Type {
	case "content_delta":
		a.addText(v.Index, v.Delta)
	case "reasoning_delta":
		a.addReasoning(v.Index, v.Delta)
	case "tool_use_complete":
		b := a.at(v.Index)
		b.call = &Call{ID: v.ID, Name: v.Name}
		b.input.Write(v.Input)
	case "message_stop":
		a.StopReason, a.Model, a.complete = v.StopReason, v.Model, true
	case "metadata":
		if v.Usage != nil {
			a.Usage = *v.Usage
		}
		if len(v.Metadata.ContentBlocks) > 0 {
			a.raw = []json.RawMessage{v.Metadata.ContentBlocks}
		}
		a.Cost = v.Metadata.Cost.String()
	case "error":
		a.complete = false
		return parseError(e.data)
	}
	return nil
}

// quoted is a JSON string.
func quoted(text string) json.RawMessage {
	b, err := encode(text)
	if err != nil {
		return json.RawMessage(`""`) // a string can always be encoded
	}
	return b
}
