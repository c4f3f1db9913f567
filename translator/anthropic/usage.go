package anthropic

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// encodeUsage has all members that clients know, 0 or null where Bedrock sent none. Cached
// tokens are no part of input_tokens, in both APIs.
func encodeUsage(answer *converse.Answer) rawjson.Value {
	u := answer.Usage
	if u == nil {
		u = &converse.Usage{}
	}
	w := rawjson.NewWriter(256)
	w.Member("input_tokens", orZero(u.Input))
	w.Member("output_tokens", orZero(u.Output))
	w.Member("cache_creation_input_tokens", rawjson.OrNull(u.CacheWrite))
	w.Member("cache_read_input_tokens", rawjson.OrNull(u.CacheRead))
	w.Member("cache_creation", rawjson.OrNull(cacheCreation(u)))
	w.Member("server_tool_use", []byte("null"))
	w.Member("service_tier", rawjson.OrNull(serviceTier(answer)))
	return w.End()
}

// cacheCreation is what Bedrock says about written tokens by lifetime, nil for nothing.
func cacheCreation(u *converse.Usage) rawjson.Value {
	counts := map[string]rawjson.Value{}
	for _, v := range rawjson.Elements(u.Details.Get("cacheDetails")) {
		if rawjson.Kind(v) != '{' {
			continue
		}
		detail := rawjson.Members(v)
		if ttl := detail.Get("ttl"); rawjson.Kind(ttl) == '"' {
			counts[rawjson.Text(ttl)] = detail.Get("inputTokens")
		}
	}
	if len(counts) == 0 {
		return nil
	}
	w := rawjson.NewWriter(96)
	w.Member("ephemeral_5m_input_tokens", orZero(counts["5m"]))
	w.Member("ephemeral_1h_input_tokens", orZero(counts["1h"]))
	return w.End()
}

// serviceTier is Anthropic's word, nil if it has none.
func serviceTier(answer *converse.Answer) rawjson.Value {
	switch tier := rawjson.Members(answer.ServiceTier).Get("type"); {
	case rawjson.IsText(tier, "default"):
		return rawjson.Value(`"standard"`)
	case rawjson.IsText(tier, "priority"):
		return tier
	}
	return nil
}

// encodeBedrock encodes what Anthropic has no members for. unknown are the events of a
// stream that nobody understood.
func (c *call) encodeBedrock(answer *converse.Answer, facts translator.Facts, unknown []rawjson.Value) rawjson.Value {
	w := rawjson.NewWriter(384)
	w.Member("stop_reason", answer.StopReason)
	answer.WriteMetadata(w, facts, c.warnings)
	w.Member("unknown_events", rawjson.Array(unknown))
	return w.End()
}
