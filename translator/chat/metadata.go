package chat

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// metadata is what an answer says about itself, whole or streamed.
type metadata struct {
	call  *call
	facts translator.Facts

	usage       jsontext.Value
	metrics     jsontext.Value
	trace       jsontext.Value
	performance jsontext.Value
	serviceTier jsontext.Value
	additional  jsontext.Value
	// blocks is the assistant's turn, when it holds more than text and tool calls.
	blocks []jsontext.Value
	// other is what Bedrock said under names that are not known here.
	other []member
}

// member takes one member of a reply, or of the metadata event.
func (m *metadata) member(name string, value jsontext.Value) {
	value = rawjson.Compact(value).Clone()
	switch name {
	case "usage":
		m.usage = value
	case "metrics":
		m.metrics = value
	case "trace":
		m.trace = value
	case "performanceConfig":
		m.performance = value
	case "serviceTier":
		m.serviceTier = value
	case "additionalModelResponseFields":
		m.additional = value
	case "output", "stopReason", "p":
	default:
		m.other = append(m.other, member{rawjson.Quote(name), value})
	}
}

// encode leaves out what there is nothing to say about.
func (m *metadata) encode() []byte {
	w := newWriter(384)
	w.optional("request_id", m.facts.RequestID)
	w.optional("aws_request_id", m.facts.AWSRequestID)
	w.optional("backend", m.facts.Backend)
	w.optional("region", m.facts.Region)
	w.optional("model_id", m.facts.ModelID)
	if m.facts.Attempts > 0 {
		w.member("attempts", strconv.AppendInt(nil, int64(m.facts.Attempts), 10))
	}
	w.member("latency_ms", inside(m.metrics, "latencyMs"))
	w.member("warnings", m.call.encodeWarnings())
	w.member("usage_details", usageDetails(m.usage))
	w.member("trace", m.trace)
	w.member("performance_config", m.performance)
	w.member("service_tier", m.serviceTier)
	w.member("additional_model_response_fields", m.additional)
	w.member("content_blocks", list(m.blocks))
	if len(m.other) > 0 {
		other := newWriter(256)
		for _, o := range m.other {
			other.member(unquoted(o.name), o.value)
		}
		w.member("other", other.end())
	}
	return w.end()
}

// inside is the value of one member of an object, or nil.
func inside(v jsontext.Value, name string) jsontext.Value {
	if rawjson.Kind(v) != '{' {
		return nil
	}
	list, err := newFields().read(v)
	if err != nil {
		return nil
	}
	if m := find(list, rawjson.Quote(name)); m != nil {
		return m.value
	}
	return nil
}

// usageNames are Bedrock's names of what usage has a place for.
var usageNames = []string{"inputTokens", "outputTokens", "totalTokens", "cacheReadInputTokens", "cacheWriteInputTokens"}

// usageDetails is the rest of what Bedrock counts, as it came.
func usageDetails(v jsontext.Value) []byte {
	if rawjson.Kind(v) != '{' {
		return nil
	}
	list, err := newFields().read(v)
	if err != nil {
		return nil
	}
	w := newWriter(128)
	for _, m := range list {
		if slices.Contains(usageNames, unquoted(m.name)) || string(m.value) == "{}" || m.value.Kind() == 'n' {
			continue
		}
		w.member(unquoted(m.name), m.value)
	}
	if w.empty() {
		return nil
	}
	return w.end()
}

// usage keeps the numbers as Bedrock wrote them.
type usage struct {
	InputTokens           jsontext.Value `json:"inputTokens"`
	OutputTokens          jsontext.Value `json:"outputTokens"`
	TotalTokens           jsontext.Value `json:"totalTokens"`
	CacheReadInputTokens  jsontext.Value `json:"cacheReadInputTokens"`
	CacheWriteInputTokens jsontext.Value `json:"cacheWriteInputTokens"`
}

func readUsage(v jsontext.Value) (*usage, error) {
	if rawjson.Absent(v) {
		return nil, nil
	}
	var u usage
	if err := json.Unmarshal(v, &u, lenient); err != nil {
		return nil, err
	}
	return &u, nil
}

// encode is null where Bedrock said nothing.
func (u *usage) encode() []byte {
	if u == nil {
		return []byte("null")
	}
	w := newWriter(160)
	w.member("input_tokens", orNull(u.InputTokens))
	w.member("output_tokens", orNull(u.OutputTokens))
	w.member("total_tokens", u.TotalTokens)
	w.member("cache_read_input_tokens", u.CacheReadInputTokens)
	w.member("cache_write_input_tokens", u.CacheWriteInputTokens)
	return w.end()
}

func (u *usage) summary() translator.Summary {
	if u == nil {
		return translator.Summary{}
	}
	return translator.Summary{
		InputTokens:      integer(u.InputTokens),
		OutputTokens:     integer(u.OutputTokens),
		CacheReadTokens:  integer(u.CacheReadInputTokens),
		CacheWriteTokens: integer(u.CacheWriteInputTokens),
		UsageKnown:       rawjson.Kind(u.InputTokens) == '0',
	}
}

func integer(v jsontext.Value) int64 {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return 0 // no number counts as none
	}
	return n
}

// encodeWarnings lists what was mended, nil when nothing was.
func (c *call) encodeWarnings() []byte {
	all := make([]jsontext.Value, len(c.warnings))
	for i, warning := range c.warnings {
		w := newWriter(160)
		w.text("code", warning.Code)
		w.text("path", warning.Path)
		w.text("detail", warning.Detail)
		all[i] = w.end()
	}
	return list(all)
}

// withhold says once that the model called a tool although none was to be called.
func (c *call) withhold() {
	const code = "tool_call_withheld"
	for _, w := range c.warnings {
		if w.Code == code {
			return
		}
	}
	c.warnings = append(c.warnings, warning{Code: code, Path: "tool_choice", Detail: "The model called a tool although tool_choice is none; the call was left out."})
}

func orNull(v []byte) []byte {
	if len(v) == 0 {
		return []byte("null")
	}
	return v
}

// reasonText is the stop reason as text, "" when there is none.
func reasonText(v jsontext.Value) string {
	if rawjson.Kind(v) != '"' {
		return ""
	}
	return rawjson.Text(v)
}
