package chat

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// EncodeReply implements translator.Encoder.
func (c *call) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	answer := converse.NewAnswer(c.names)
	if err := answer.ReadReply(reply); err != nil {
		return translator.Response{}, translator.Summary{}, err
	}
	calls := c.encodeCalls(answer.Blocks)
	w := rawjson.NewWriter(len(reply) + 512)
	w.Text("model", c.model)
	w.Member("content", answer.Text())
	w.Member("usage", encodeUsage(answer.Usage))
	w.Member("metadata", c.encodeMetadata(answer, facts))
	w.Member("tool_calls", rawjson.OrNull(calls))
	w.Member("stop_reason", rawjson.OrNull(answer.StopReason))
	return translator.Response{Status: http.StatusOK, ContentType: contentTypeJSON, Body: w.End()}, c.summary(answer), nil
}

// encodeCalls lists the tool calls that the client must answer, nil for none.
func (c *call) encodeCalls(blocks []converse.AnswerBlock) rawjson.Value {
	var calls []rawjson.Value
	for i := range blocks {
		call := blocks[i].Call
		switch {
		case call == nil:
		case c.toolsWithheld:
			c.warnings = converse.Withhold(c.warnings, &converse.FaultToolCallWithheld)
		default:
			w := rawjson.NewWriter(len(call.Input) + 128)
			w.Member("id", rawjson.OrNull(call.ID))
			w.Text("name", call.Name)
			appendInput(w, call)
			calls = append(calls, w.End())
		}
	}
	return rawjson.Array(calls)
}

// appendInput writes the input, in the same way for whole and streamed answers.
func appendInput(w *rawjson.Writer, call *converse.ToolCall) {
	w.Member("input", call.Input)
	if call.Incomplete {
		w.Bool("incomplete", true)
	}
}

func (c *call) summary(answer *converse.Answer) translator.Summary {
	s := answer.Summary()
	s.Warnings = c.warnings
	return s
}
