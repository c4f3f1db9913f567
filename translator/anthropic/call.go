package anthropic

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// call implements translator.Encoder. It has what the answer to one request depends
// on in the request. Decode fills it in; after that, only its warnings and the stream change
// it.
type call struct {
	// model is the id that was asked for; answers repeat it.
	model string
	// names are the client's names of tools and documents that were renamed.
	names converse.Names
	// warnings lists every repair of the request, in the order of the request.
	warnings []translator.Warning
	// withheld is the reason why no tool call may reach the client, nil if all may.
	withheld *converse.Fault
	// begun says that the stream's message_start was written.
	begun bool
}

func (c *call) summary(answer *converse.Answer) translator.Summary {
	s := answer.Summary()
	s.Warnings = c.warnings
	return s
}

// headers are those of whole and streamed answers. The SDKs read request-id.
func (c *call) headers(facts translator.Facts) []translator.Header {
	return []translator.Header{{Name: "request-id", Value: facts.RequestID}, converse.WarningsHeader(c.warnings)}
}

// stopReason is one of the words that clients know. calls is the number of tool calls
// that the client gets.
func stopReason(answer *converse.Answer, calls int) string {
	switch reason := answer.Summary().StopReason; reason {
	case "max_tokens", "stop_sequence", "model_context_window_exceeded":
		return reason
	case "guardrail_intervened", "content_filtered":
		return "refusal"
	case "tool_use", "end_turn": // some models end a turn of calls like any other
		if calls > 0 {
			return "tool_use"
		}
	}
	return "end_turn"
}

// writeStop writes why the answer ended.
func writeStop(w *rawjson.Writer, answer *converse.Answer, calls int) {
	reason := stopReason(answer, calls)
	w.Text("stop_reason", reason)
	w.Member("stop_sequence", rawjson.OrNull(stopSequence(answer)))
	details := rawjson.Value("null")
	if reason == "refusal" {
		explanation := "A content filter has stopped this answer."
		if answer.Summary().StopReason == "guardrail_intervened" {
			explanation = "A guardrail has stopped this answer."
		}
		d := rawjson.NewWriter(128)
		d.Text("type", "refusal")
		d.Member("category", []byte("null"))
		d.Text("explanation", explanation)
		details = d.End()
	}
	w.Member("stop_details", details)
}

// stopSequence is the one that Claude met, nil if it is not known.
func stopSequence(answer *converse.Answer) rawjson.Value {
	fields := rawjson.Members(answer.AdditionalFields)
	for _, v := range []rawjson.Value{fields.Get("stop_sequence"), rawjson.Members(fields.Get("delta")).Get("stop_sequence")} {
		if rawjson.Kind(v) == '"' {
			return v
		}
	}
	return nil
}
