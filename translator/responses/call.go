package responses

import (
	"slices"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// call implements translator.Encoder. It has what the answer to one request depends
// on in the request. Decode fills it in; after that, only its warnings change.
type call struct {
	// model is the id that was asked for; answers repeat it.
	model string
	// tools are the client's words for tools.
	tools toolNames
	// names are the client's names of tools and documents that were renamed.
	names converse.Names
	// warnings lists every repair of the request, in the order of the request.
	warnings []translator.Warning
	// withheld is the reason why no tool call may reach the client, nil if all may.
	withheld *converse.Fault
	// repeated are members of the request that answers repeat.
	repeated rawjson.Object
}

// repetitions are the members of a request that answers repeat, and what they are where
// the request has none. tools and instructions are not repeated: they may be large, and
// the client has them.
var repetitions = rawjson.Object{
	{Name: "max_output_tokens", Value: rawjson.Value("null")},
	{Name: "metadata", Value: rawjson.Value("{}")},
	{Name: "reasoning", Value: rawjson.Value("null")},
	{Name: "temperature", Value: rawjson.Value("null")},
	{Name: "text", Value: rawjson.Value(`{"format":{"type":"text"}}`)},
	{Name: "tool_choice", Value: rawjson.Value(`"auto"`)},
	{Name: "top_p", Value: rawjson.Value("null")},
}

// maxRepeated bounds what one member can add to an answer, in bytes.
const maxRepeated = 16 << 10

func repeat(body converse.Object) rawjson.Object {
	all := slices.Clone(repetitions)
	for i := range all {
		if v := body.Get(all[i].Name); !rawjson.Absent(v) && len(v) <= maxRepeated {
			all[i].Value = rawjson.AppendCompact(nil, v)
		}
	}
	return all
}

func (c *call) summary(answer *converse.Answer) translator.Summary {
	s := answer.Summary()
	s.Warnings = c.warnings
	return s
}

// The states of a response. Each is also the last part of the name of an event.
const (
	inProgress = "in_progress"
	completed  = "completed"
	incomplete = "incomplete"
	failed     = "failed"
)

// status is that of a complete answer, and why it is incomplete.
func status(answer *converse.Answer) (status, reason string) {
	switch answer.Summary().StopReason {
	case "max_tokens", "model_context_window_exceeded":
		return incomplete, "max_output_tokens"
	case "guardrail_intervened", "content_filtered":
		return incomplete, "content_filter"
	}
	return completed, "" // also with calls that the model has cut off
}
