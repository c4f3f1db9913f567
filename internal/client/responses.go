package client

import (
	"cmp"
	"encoding/json"
)

// responses is OpenAI's Responses, without what a server stores.
type responses struct{}

type responsesItem struct {
	Type    string  `json:"type,omitempty"`
	Role    string  `json:"role,omitempty"`
	Content string  `json:"content,omitempty"`
	CallID  string  `json:"call_id,omitempty"`
	Output  *string `json:"output,omitempty"`
}

func (responses) request(r *Request) (string, any) {
	var tools []any
	for _, t := range r.Tools {
		tools = append(tools, struct {
			Type string `json:"type"`
			openAIFunctionTool
		}{"function", openAIFunctionTool{t.Name, t.Description, t.InputSchema}})
	}
	return "/v1/responses", struct {
		Model        string            `json:"model,omitempty"`
		Instructions string            `json:"instructions,omitempty"`
		MaxTokens    int               `json:"max_output_tokens,omitempty"`
		Input        []json.RawMessage `json:"input"`
		Tools        []any             `json:"tools,omitempty"`
		Include      []string          `json:"include"`
		Stream       bool              `json:"stream"`
		Store        bool              `json:"store"`
	}{r.Model, r.System, r.MaxTokens, r.Messages, tools, []string{"reasoning.encrypted_content"}, true, false}
}

func (responses) messages(in Input) []any {
	if len(in.Results) == 0 {
		return []any{responsesItem{Role: "user", Content: in.Text}}
	}
	var list []any
	for _, r := range in.Results {
		list = append(list, responsesItem{Type: "function_call_output", CallID: r.CallID, Output: &r.Text})
	}
	return list
}

// assistant are the items of the answer as they came.
func (responses) assistant(a *Answer) []any {
	var list []any
	for _, item := range a.raw {
		list = append(list, item)
	}
	return list
}

// responsesEvent has the members of all events of a stream; its type says which it has.
type responsesEvent struct {
	Type  string
	Index int `json:"output_index"`
	Delta string
	Item  struct {
		Type, Name, Arguments string
		CallID                string `json:"call_id"`
	}
	Response struct {
		Model      string
		Output     []json.RawMessage
		Error      json.RawMessage
		Incomplete *struct{ Reason string } `json:"incomplete_details"`
		Usage      *struct {
			Input  int              `json:"input_tokens"`
			Output int              `json:"output_tokens"`
			Cache  openAICacheUsage `json:"input_tokens_details"`
		}
		Bedrock struct{ Cost cost }
	}
	Message, Code string
}

func (responses) read(a *Answer, e event) error {
	var v responsesEvent
	if err := json.Unmarshal(e.data, &v); err != nil {
		return err
	}
	switch v.Type {
	case "response.output_text.delta":
		a.addText(v.Index, v.Delta)
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		a.addReasoning(v.Index, v.Delta)
	case "response.output_item.done":
		if v.Item.Type == "function_call" {
			b := a.at(v.Index)
			b.call = &Call{ID: v.Item.CallID, Name: v.Item.Name}
			b.input.WriteString(v.Item.Arguments)
		}
	case "response.completed", "response.incomplete":
		r := v.Response
		a.Model, a.raw, a.complete, a.StopReason = r.Model, r.Output, true, "completed"
		if r.Incomplete != nil {
			a.StopReason = cmp.Or(r.Incomplete.Reason, "incomplete")
		}
		if u := r.Usage; u != nil {
			a.Usage = u.Cache.usage(u.Input, u.Output)
		}
		a.Cost = r.Bedrock.Cost.String()
	case "response.failed":
		return parseError([]byte(`{"error":` + string(v.Response.Error) + `}`))
	case "error":
		return &Error{Type: v.Code, Message: v.Message}
	}
	return nil
}
