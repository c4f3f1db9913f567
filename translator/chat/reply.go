package chat

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
)

// converseReply is Bedrock's whole answer.
type converseReply struct {
	Output struct {
		Message *struct {
			Content []jsontext.Value `json:"content"`
		} `json:"message"`
	} `json:"output"`
	StopReason jsontext.Value `json:"stopReason"`
	Usage      usage          `json:"usage"`
	Metrics    struct {
		LatencyMs jsontext.Value `json:"latencyMs"`
	} `json:"metrics"`
	Trace                         jsontext.Value `json:"trace"`
	PerformanceConfig             jsontext.Value `json:"performanceConfig"`
	ServiceTier                   jsontext.Value `json:"serviceTier"`
	AdditionalModelResponseFields jsontext.Value `json:"additionalModelResponseFields"`
}

// replyBlock is what a whole answer shows of a content block.
type replyBlock struct {
	Text    jsontext.Value `json:"text"`
	ToolUse *struct {
		ToolUseID jsontext.Value `json:"toolUseId"`
		Name      string         `json:"name"`
		Input     jsontext.Value `json:"input"`
	} `json:"toolUse"`
}

// EncodeReply implements translator.Encoder.
func (c *call) EncodeReply(reply []byte, facts translator.Facts) ([]byte, translator.Summary, error) {
	var in converseReply
	if err := json.Unmarshal(reply, &in, lenient); err != nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer is not one of Converse.", facts, err)
	}
	if in.Output.Message == nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer holds no message.", facts, nil)
	}
	text, tools, plain, err := c.content(in.Output.Message.Content)
	if err != nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer holds a content block that cannot be read.", facts, err)
	}
	meta := metadata{call: c, facts: facts, reply: &in}
	if !plain {
		meta.blocks = in.Output.Message.Content
	}
	w := newWriter(len(reply) + 512)
	w.text("model", c.model)
	w.text("content", text)
	w.member("usage", in.Usage.encode())
	w.member("metadata", meta.encode())
	w.member("tool_calls", orNull(list(tools)))
	w.member("stop_reason", orNull(compact(in.StopReason)))
	summary := in.Usage.summary()
	summary.StopReason, summary.Warnings = reason(in.StopReason), len(c.warnings)
	return w.end(), summary, nil
}

// content joins the text blocks and lists the tool calls. plain says that there
// was nothing else.
func (c *call) content(blocks []jsontext.Value) (text string, tools []jsontext.Value, plain bool, err error) {
	plain = true
	var joined []byte
	texts := 0
	for _, raw := range blocks {
		var b replyBlock
		if err := json.Unmarshal(raw, &b, lenient); err != nil {
			return "", nil, false, err
		}
		switch {
		case kindOf(b.Text) == '"':
			if texts++; texts > 1 {
				joined = append(joined, '\n')
			}
			joined, _ = jsontext.AppendUnquote(joined, b.Text) // what cannot be read becomes U+FFFD
		case b.ToolUse != nil:
			if !c.toolsWithheld {
				tools = append(tools, c.toolCall(&b))
			}
		default:
			plain = false
		}
	}
	return string(joined), tools, plain, nil
}

func (c *call) toolCall(b *replyBlock) jsontext.Value {
	w := newWriter(len(b.ToolUse.Input) + 128)
	w.member("id", orNull(b.ToolUse.ToolUseID))
	w.text("name", c.names.original(b.ToolUse.Name))
	w.member("input", orEmpty(compact(b.ToolUse.Input)))
	return w.end()
}

func badAnswer(text string, facts translator.Facts, cause error) error {
	return &translator.Error{
		Status: http.StatusBadGateway, Kind: translator.KindBadAnswer, Message: text, Facts: facts, Cause: cause,
	}
}

func orNull(v []byte) []byte {
	if len(v) == 0 {
		return []byte("null")
	}
	return v
}

func orEmpty(v jsontext.Value) []byte {
	if len(v) == 0 || v.Kind() == 'n' {
		return []byte("{}")
	}
	return v
}

// reason is the stop reason as text, "" when there is none.
func reason(v jsontext.Value) string {
	if kindOf(v) != '"' {
		return ""
	}
	return unquote(v)
}

// usage keeps the numbers as Bedrock wrote them.
type usage struct {
	InputTokens           jsontext.Value `json:"inputTokens"`
	OutputTokens          jsontext.Value `json:"outputTokens"`
	TotalTokens           jsontext.Value `json:"totalTokens"`
	CacheReadInputTokens  jsontext.Value `json:"cacheReadInputTokens"`
	CacheWriteInputTokens jsontext.Value `json:"cacheWriteInputTokens"`
}

func (u *usage) encode() []byte {
	w := newWriter(128)
	w.member("input_tokens", orNull(u.InputTokens))
	w.member("output_tokens", orNull(u.OutputTokens))
	w.member("total_tokens", u.TotalTokens)
	w.member("cache_read_input_tokens", u.CacheReadInputTokens)
	w.member("cache_write_input_tokens", u.CacheWriteInputTokens)
	return w.end()
}

func (u *usage) summary() translator.Summary {
	return translator.Summary{
		InputTokens:      integer(u.InputTokens),
		OutputTokens:     integer(u.OutputTokens),
		CacheReadTokens:  integer(u.CacheReadInputTokens),
		CacheWriteTokens: integer(u.CacheWriteInputTokens),
		UsageKnown:       len(u.InputTokens) > 0,
	}
}

func integer(v jsontext.Value) int64 {
	n, _ := strconv.ParseInt(string(v), 10, 64) // no number counts as none
	return n
}

// metadata is what an answer says about itself.
type metadata struct {
	call   *call
	facts  translator.Facts
	reply  *converseReply
	blocks []jsontext.Value
}

func (m *metadata) encode() []byte {
	w := newWriter(256)
	for _, f := range []struct{ name, value string }{
		{"request_id", m.facts.RequestID},
		{"aws_request_id", m.facts.AWSRequestID},
		{"backend", m.facts.Backend},
		{"region", m.facts.Region},
		{"model_id", m.facts.ModelID},
	} {
		if f.value != "" {
			w.text(f.name, f.value)
		}
	}
	if m.facts.Attempts > 0 {
		w.member("attempts", strconv.AppendInt(nil, int64(m.facts.Attempts), 10))
	}
	if m.reply != nil {
		w.member("latency_ms", m.reply.Metrics.LatencyMs)
		w.member("trace", compact(m.reply.Trace))
		w.member("performance_config", compact(m.reply.PerformanceConfig))
		w.member("service_tier", compact(m.reply.ServiceTier))
		w.member("additional_model_response_fields", compact(m.reply.AdditionalModelResponseFields))
	}
	w.member("warnings", m.call.encodeWarnings())
	w.member("content_blocks", compact(list(m.blocks)))
	return w.end()
}

func (c *call) encodeWarnings() []byte {
	var all []jsontext.Value
	for _, warning := range c.warnings {
		w := newWriter(128)
		w.text("code", warning.Code)
		w.text("path", warning.Path)
		w.text("detail", warning.Detail)
		all = append(all, w.end())
	}
	return list(all)
}
