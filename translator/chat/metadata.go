package chat

import (
	"slices"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// encodeMetadata encodes everything about an answer except its content. Unknown
// values are left out.
func (c *call) encodeMetadata(answer *converse.Answer, facts translator.Facts) rawjson.Value {
	w := rawjson.NewWriter(384)
	w.Optional("request_id", facts.RequestID)
	w.Optional("aws_request_id", facts.AWSRequestID)
	w.Optional("backend", facts.Backend)
	w.Optional("region", facts.Region)
	w.Optional("model_id", facts.ModelID)
	if facts.Attempts > 0 {
		w.Int("attempts", facts.Attempts)
	}
	w.Member("latency_ms", rawjson.Members(answer.Metrics).Get("latencyMs"))
	w.Member("warnings", c.encodeWarnings())
	if answer.Usage != nil && len(answer.Usage.Details) > 0 {
		w.Member("usage_details", answer.Usage.Details.Value())
	}
	w.Member("trace", answer.Trace)
	w.Member("performance_config", answer.Performance)
	w.Member("service_tier", answer.ServiceTier)
	w.Member("additional_model_response_fields", answer.AdditionalFields)
	if !answer.Plain() {
		w.Member("content_blocks", answer.Turn())
	}
	if len(answer.Other) > 0 {
		w.Member("other", answer.Other.Value())
	}
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

// encodeWarnings returns nil when there are none.
func (c *call) encodeWarnings() rawjson.Value {
	all := make([]rawjson.Value, len(c.warnings))
	for i, warning := range c.warnings {
		w := rawjson.NewWriter(160)
		w.Text("code", warning.Code)
		w.Text("path", warning.Path)
		w.Text("detail", warning.Detail)
		all[i] = w.End()
	}
	return rawjson.Array(all)
}

// withhold warns, once, that the model called a tool although none was to be called.
func (c *call) withhold() {
	withheld := converse.FaultToolCallWithheld.Warning("tool_choice")
	if !slices.Contains(c.warnings, withheld) {
		c.warnings = append(c.warnings, withheld)
	}
}
