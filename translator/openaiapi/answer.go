package openaiapi

import (
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// AnswerID is what makes the ids of an answer unique, and the second in which its request
// has arrived. It differs between two requests with the same X-Request-Id, since clients
// take answers with one id for one answer.
func AnswerID(facts translator.Facts) (id string, created int) {
	if facts.Start.IsZero() {
		return facts.RequestID, 0
	}
	return facts.RequestID + "-" + strconv.FormatInt(facts.Start.UnixNano(), 36), int(facts.Start.Unix())
}

// ServiceTier is the tier that Bedrock has used, nil if it does not say.
func ServiceTier(answer *converse.Answer) rawjson.Value {
	return rawjson.Members(answer.ServiceTier).Get("type")
}

// EncodeBedrock encodes the member bedrock, with what OpenAI has no members for. unknown
// are the events of a stream that nobody understood.
func EncodeBedrock(answer *converse.Answer, facts translator.Facts, warnings []translator.Warning, unknown []rawjson.Value) rawjson.Value {
	w := rawjson.NewWriter(384)
	WriteBedrock(w, answer, facts, warnings, unknown)
	return w.End()
}

// WriteBedrock writes the members of EncodeBedrock.
func WriteBedrock(w *rawjson.Writer, answer *converse.Answer, facts translator.Facts, warnings []translator.Warning, unknown []rawjson.Value) {
	w.Member("stop_reason", answer.StopReason)
	answer.WriteMetadata(w, facts, warnings)
	w.Member("unknown_events", rawjson.Array(unknown))
}

// EncodeUnknown encodes an element of unknown_events.
func EncodeUnknown(step *converse.Step) rawjson.Value {
	w := rawjson.NewWriter(len(step.Value) + 64)
	w.Text("event", step.Name)
	w.Member("payload", step.Value)
	return w.End()
}
