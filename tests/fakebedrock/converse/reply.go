package converse

import "encoding/json"

// ReplyBlock is one content block of a reply in Converse's own JSON, such as
// {"text": "hi"}. Values are anything that encoding/json takes; a
// json.RawMessage goes out as it is.
type ReplyBlock = map[string]any

// Reply is an assistant's turn and what belongs to it.
type Reply struct {
	Content    []ReplyBlock
	StopReason string // "": end_turn
	Usage      Usage

	// CutInput, when not empty, is all that a stream sends of the input of the
	// last block, a toolUse: the answer reached its token limit there. A whole
	// reply has {} instead.
	CutInput string

	AdditionalModelResponseFields json.RawMessage
	Trace                         json.RawMessage
	PerformanceConfig             json.RawMessage
	ServiceTier                   json.RawMessage
}

// Usage counts tokens. InputTokens are those that no cache took or gave.
type Usage struct {
	InputTokens, OutputTokens         int
	CacheReadTokens, CacheWriteTokens int
	CacheDetails                      []CacheDetail
}

// CacheDetail counts what was written to the cache for a time to live.
type CacheDetail struct {
	InputTokens int    `json:"inputTokens"`
	TTL         string `json:"ttl"`
}

// Total is all that was read and written.
func (u Usage) Total() int {
	return u.InputTokens + u.OutputTokens + u.CacheReadTokens + u.CacheWriteTokens
}

// JSON is the usage as the service writes it, with the members that no model of
// the API names.
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
