package openai

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// call implements translator.Encoder. It has what the answer to one request depends
// on in the request. Decode fills it in; after that, only its warnings change.
type call struct {
	// model is the id that was asked for; answers repeat it.
	model string
	// names are the client's names of tools and documents that were renamed.
	names converse.Names
	// warnings lists every repair of the request, in the order of the request.
	warnings []translator.Warning
	// custom has the names of custom tools, whose calls have another form.
	custom map[string]bool
	// withheld is the reason why no tool call may reach the client, nil if all may.
	withheld *converse.Fault
	// includeUsage asks for a chunk with the usage at the end of a stream.
	includeUsage bool
}

func (c *call) summary(answer *converse.Answer) translator.Summary {
	s := answer.Summary()
	s.Warnings = c.warnings
	return s
}

// finishReason is one of the five words that clients know. calls is the number of tool
// calls that the client gets.
func finishReason(answer *converse.Answer, calls int) string {
	switch answer.Summary().StopReason {
	case "max_tokens", "model_context_window_exceeded":
		return "length"
	case "guardrail_intervened", "content_filtered":
		return "content_filter"
	case "tool_use", "end_turn": // some models end a turn of calls like any other
		if calls > 0 {
			return "tool_calls"
		}
	}
	return "stop" // also for calls that the model has cut off
}
