package chat

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// encodeMetadata encodes everything about an answer except its content.
func (c *call) encodeMetadata(answer *converse.Answer, facts translator.Facts) rawjson.Value {
	w := rawjson.NewWriter(384)
	answer.WriteMetadata(w, facts, c.warnings)
	return w.End()
}

// encodeUsage leaves out the counts that Bedrock did not send. It is never null, because
// clients read members of it, with 0 for those that are absent.
func encodeUsage(u *converse.Usage) rawjson.Value {
	if u == nil {
		return rawjson.Value("{}")
	}
	w := rawjson.NewWriter(160)
	w.Member("input_tokens", u.Input)
	w.Member("output_tokens", u.Output)
	w.Member("total_tokens", u.Total)
	w.Member("cache_read_input_tokens", u.CacheRead)
	w.Member("cache_write_input_tokens", u.CacheWrite)
	return w.End()
}
