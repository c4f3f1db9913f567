package chat

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// TestWholeIsStreamAddedUp: any whole reply gives the client the same as the events
// of its stream, added up: the text, the tool calls, the blocks, the usage, the stop
// reason and everything else.
func TestWholeIsStreamAddedUp(t *testing.T) {
	dialecttest.AddedUp{
		NewEncoder: func() translator.Encoder { return &call{model: "m", names: dialecttest.Names(), toolUseDeltas: true} },
		Facts:      facts,
		AddUp:      addUp,
	}.Test(t)
}

// addUp builds the whole answer from an event stream, as a client can.
func addUp(sse []byte) (whole rawjson.Object, problem string) {
	texts, inputs, cited := map[int]string{}, map[int]string{}, map[int]bool{}
	calls := map[int]rawjson.Value{} // a block that Bedrock has not ended is completed late
	var stop, last rawjson.Object
	for line := range strings.SplitSeq(string(sse), "\n") {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		if last != nil {
			problem = "an event follows metadata: " + data
		}
		ev := rawjson.Members(rawjson.Value(data))
		index := integer(ev.Get("index"))
		switch rawjson.Text(ev.Get("type")) {
		case "content_delta":
			texts[index] += rawjson.Text(ev.Get("delta"))
		case "reasoning_delta", "tool_use_start":
		case "tool_use_delta":
			inputs[index] += rawjson.Text(ev.Get("delta"))
		case "tool_use_complete":
			if v := rawjson.Value(inputs[index]); rawjson.Kind(v) == '{' && dialecttest.CanonicalValue(v) != dialecttest.CanonicalValue(ev.Get("input")) {
				problem = "the pieces of an input are not the input: " + data
			}
			calls[index] = rawjson.Object{
				{Name: "id", Value: ev.Get("id")}, {Name: "name", Value: ev.Get("name")}, {Name: "input", Value: ev.Get("input")}, {Name: "incomplete", Value: ev.Get("incomplete")},
			}.Value()
		case "content_block":
			cited[index] = rawjson.Members(ev.Get("block")).Get("citationsContent") != nil
		case "message_stop":
			if stop != nil {
				problem = "a second message_stop"
			}
			stop = ev
		case "metadata":
			last = ev
		default:
			problem = "an unexpected event: " + data
		}
	}
	if last == nil || stop == nil {
		return nil, "the stream has no end"
	}
	usage := last.Get("usage")
	if rawjson.Absent(usage) {
		usage = rawjson.Value("{}")
	}
	return rawjson.Object{
		{Name: "model", Value: stop.Get("model")},
		{Name: "content", Value: rawjson.Quote(joined(texts, cited))},
		{Name: "usage", Value: usage},
		{Name: "metadata", Value: last.Get("metadata")},
		{Name: "tool_calls", Value: rawjson.OrNull(rawjson.Array(byIndex(calls)))},
		{Name: "stop_reason", Value: stop.Get("stop_reason")},
	}, problem
}

// joined joins the texts of blocks as the API promises: one line each, but no line
// break next to a block with citations.
func joined(texts map[int]string, cited map[int]bool) string {
	var b strings.Builder
	for n, i := range slices.Sorted(maps.Keys(texts)) {
		if n > 0 && !cited[i] && !cited[i-1] {
			b.WriteByte('\n')
		}
		b.WriteString(texts[i])
	}
	return b.String()
}

func byIndex(calls map[int]rawjson.Value) []rawjson.Value {
	list := make([]rawjson.Value, 0, len(calls))
	for _, i := range slices.Sorted(maps.Keys(calls)) {
		list = append(list, calls[i])
	}
	return list
}

func integer(v rawjson.Value) int {
	n := 0
	for _, c := range v {
		n = 10*n + int(c-'0')
	}
	return n
}
