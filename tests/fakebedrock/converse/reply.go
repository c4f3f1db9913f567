package converse

import "encoding/json"

// ReplyBlock is one content block of a reply in Converse's own JSON, such as
// {"text": "hi"}. Values may be anything that encoding/json encodes; a
// json.RawMessage is sent unchanged.
type ReplyBlock = map[string]any

// Reply is an assistant's turn with its stop reason, usage and metadata.
type Reply struct {
	Content    []ReplyBlock
	StopReason string // "" means end_turn
	Usage      Usage

	// CutInput, if not empty, is the truncated input of the last block, a toolUse, for
	// an answer that reached its token limit. Streams send it; a whole reply has {}.
	CutInput string

	AdditionalModelResponseFields json.RawMessage
	Trace                         json.RawMessage
	PerformanceConfig             json.RawMessage
	ServiceTier                   json.RawMessage
}

// Usage counts tokens. InputTokens excludes tokens read from or written to a cache.
type Usage struct {
	InputTokens, OutputTokens         int
	CacheReadTokens, CacheWriteTokens int
	CacheDetails                      []CacheDetail
}

// CacheDetail is the tokens written to the cache with one TTL.
type CacheDetail struct {
	InputTokens int    `json:"inputTokens"`
	TTL         string `json:"ttl"`
}

// Total returns the sum of all tokens.
func (u Usage) Total() int {
	return u.InputTokens + u.OutputTokens + u.CacheReadTokens + u.CacheWriteTokens
}

// JSON returns the usage as the service writes it, with members that the API model
// does not have.
func (u Usage) JSON() map[string]any {
	m := map[string]any{
		"inputTokens":     u.InputTokens,
		"outputTokens":    u.OutputTokens,
		"serverToolUsage": map[string]any{},
		"totalTokens":     u.Total(),
	}
	if u.CacheReadTokens > 0 || u.CacheWriteTokens > 0 {
		m["cacheReadInputTokens"], m["cacheReadInputTokenCount"] = u.CacheReadTokens, u.CacheReadTokens
		m["cacheWriteInputTokens"], m["cacheWriteInputTokenCount"] = u.CacheWriteTokens, u.CacheWriteTokens
	}
	if len(u.CacheDetails) > 0 {
		m["cacheDetails"] = u.CacheDetails
	}
	return m
}
