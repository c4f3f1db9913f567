package client

import (
	"cmp"
	"encoding/json"
)

// openAI is OpenAI's Chat Completions.
type openAI struct{}

type openAIMessage struct {
	Role       string            `json:"role"`
	Content    *string           `json:"content,omitempty"`
	ToolCalls  []openAICall      `json:"tool_calls,omitempty"`
	ToolCallID string            `json:"tool_call_id,omitempty"`
	Thoughts   []json.RawMessage `json:"thinking_blocks,omitempty"`
}

type openAICall struct {
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	Function openAIFunction `json:"function"`
}

type openAIFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type openAITool struct {
	Type     string             `json:"type"`
	Function openAIFunctionTool `json:"function"`
}

type openAIFunctionTool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

func (openAI) request(r *Request) (string, any) {
	messages := r.Messages
	if r.System != "" {
		system, err := encode(openAIMessage{Role: "system", Content: &r.System})
		if err == nil { // strings can always be encoded
			messages = append([]json.RawMessage{system}, messages...)
		}
	}
	var tools []openAITool
	for _, t := range r.Tools {
		tools = append(tools, openAITool{"function", openAIFunctionTool{t.Name, t.Description, t.InputSchema}})
	}
	return "/v1/chat/completions", struct {
		Model         string            `json:"model,omitempty"`
		MaxTokens     int               `json:"max_completion_tokens,omitempty"`
		Messages      []json.RawMessage `json:"messages"`
		Tools         []openAITool      `json:"tools,omitempty"`
		Stream        bool              `json:"stream"`
		StreamOptions map[string]bool   `json:"stream_options"`
	}{r.Model, r.MaxTokens, messages, tools, true, map[string]bool{"include_usage": true}}
}

func (openAI) messages(in Input) []any {
	if len(in.Results) == 0 {
		return []any{openAIMessage{Role: "user", Content: &in.Text}}
	}
	var list []any
	for _, r := range in.Results {
		list = append(list, openAIMessage{Role: "tool", Content: &r.Text, ToolCallID: r.CallID})
	}
	return list
}

func (openAI) assistant(a *Answer) []any {
	text := a.Text()
	m := openAIMessage{Role: "assistant", Content: &text, Thoughts: a.raw}
	for _, c := range a.Calls() {
		m.ToolCalls = append(m.ToolCalls, openAICall{c.ID, "function", openAIFunction{c.Name, string(c.Input)}})
	}
	return []any{m}
}

// openAIChunk is a chunk of a stream.
type openAIChunk struct {
	Error   json.RawMessage
	Model   string
	Choices []struct {
		FinishReason *string `json:"finish_reason"`
		Delta        struct {
			Content   string
			Reasoning string            `json:"reasoning_content"`
			Thoughts  []json.RawMessage `json:"thinking_blocks"`
			ToolCalls []struct {
				Index    int
				ID       string
				Function openAIFunction
			} `json:"tool_calls"`
		}
	}
	Usage *struct {
		Input  int              `json:"prompt_tokens"`
		Output int              `json:"completion_tokens"`
		Cache  openAICacheUsage `json:"prompt_tokens_details"`
	}
	Bedrock struct{ Cost cost }
}

// openAICacheUsage is the part of the input that a cache served, or that it keeps.
type openAICacheUsage struct {
	Read    int `json:"cached_tokens"`
	Written int `json:"cache_write_tokens"`
}

// usage is that of an answer. The input of OpenAI's APIs has the tokens of the cache, too.
func (c openAICacheUsage) usage(input, output int) Usage {
	return Usage{Input: input - c.Read - c.Written, Output: output, CacheRead: c.Read, CacheWrite: c.Written}
}

// callIndex is where the calls begin among an answer's blocks: text and reasoning have
// no index in this API.
const callIndex = 1

func (openAI) read(a *Answer, e event) error {
	if string(e.data) == "[DONE]" {
		a.complete = true
		return nil
	}
	var v openAIChunk
	if err := json.Unmarshal(e.data, &v); err != nil {
		return err
	}
	if len(v.Error) > 0 {
		return parseError(e.data)
	}
	a.Model, a.Cost = v.Model, cmp.Or(v.Bedrock.Cost.String(), a.Cost)
	if u := v.Usage; u != nil {
		a.Usage = u.Cache.usage(u.Input, u.Output)
	}
	for _, c := range v.Choices {
		a.addReasoning(0, c.Delta.Reasoning)
		a.addText(0, c.Delta.Content)
		a.raw = append(a.raw, c.Delta.Thoughts...)
		for _, call := range c.Delta.ToolCalls {
			b := a.at(callIndex + call.Index)
			if b.call == nil {
				b.call = &Call{ID: call.ID, Name: call.Function.Name}
			}
			b.input.WriteString(call.Function.Arguments)
		}
		if c.FinishReason != nil {
			a.StopReason = *c.FinishReason
		}
	}
	return nil
}
