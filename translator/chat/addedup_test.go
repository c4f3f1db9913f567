package chat

import (
	"bytes"
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/converse/answertest"
	"bedrock-extproc/translator/rawjson"
)

// TestWholeIsStreamAddedUp: any whole reply gives the client the same as the events
// of its stream, added up: the text, the tool calls, the blocks, the usage, the stop
// reason and everything else.
func TestWholeIsStreamAddedUp(t *testing.T) {
	m := answertest.Maker{Rand: rand.New(rand.NewPCG(11, 12))}
	replies := 0
	for _, g := range goldens(t) {
		if reply, ok := g.Section("reply.json"); ok && rawjson.Check(bytes.TrimSpace(reply)) == nil {
			for range 20 {
				replies += compareBoth(t, m, bytes.TrimSpace(reply))
			}
		}
	}
	for range 3000 {
		replies += compareBoth(t, m, m.Reply())
		if t.Failed() {
			return
		}
	}
	if replies < 3000 {
		t.Errorf("only %d replies were compared", replies)
	}
}

// compareBoth compares one reply with one way of cutting it. It returns 0 for a body
// that is not a reply.
func compareBoth(t *testing.T, m answertest.Maker, reply []byte) int {
	t.Helper()
	names := converse.Names{
		Tools:     map[string]string{"renamed": "the client's name"},
		Documents: map[string]string{"a": "a_1.pdf", "b": `b "2".txt`},
	}
	whole, summary, err := (&call{model: "m", names: names}).EncodeReply(reply, facts)
	if err != nil {
		return 0
	}
	events := m.Cut(reply)
	s := (&call{model: "m", names: names, toolUseDeltas: true}).NewStream(facts)
	var sse []byte
	for _, ev := range events {
		if sse, err = s.AppendEvent(sse, ev); err != nil {
			t.Fatalf("%v\n%s\n%s", err, ev.Payload, reply)
		}
	}
	added, problem := addUp(s.AppendEnd(sse))
	if d := diff.Diff(canonical(rawjson.Members(whole.Body)), canonical(added)); d != "" || problem != "" {
		t.Errorf("%s\n(-whole +stream):\n%s\nreply: %s\nevents: %s\nsse: %s", problem, d, reply, printed(events), sse)
	}
	if d := diff.Diff(summary, s.Summary()); d != "" {
		t.Errorf("summary (-whole +stream):\n%s", d)
	}
	return 1
}

func printed(events []translator.Event) string {
	var b strings.Builder
	for _, ev := range events {
		b.WriteString("\n  " + ev.Kind + " " + string(ev.Payload))
	}
	return b.String()
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
			if v := rawjson.Value(inputs[index]); rawjson.Kind(v) == '{' && canonicalValue(v) != canonicalValue(ev.Get("input")) {
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

// canonical normalizes JSON: sorted members, strings with the same escapes, numbers
// unchanged.
func canonical(members rawjson.Object) string {
	var b strings.Builder
	slices.SortStableFunc(members, func(a, b rawjson.Member) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range members {
		if len(m.Value) > 0 {
			b.WriteString(m.Name + ": " + canonicalValue(m.Value) + "\n")
		}
	}
	return b.String()
}

func canonicalValue(v rawjson.Value) string {
	switch rawjson.Kind(v) {
	case '"':
		return string(rawjson.Quote(rawjson.Text(v)))
	case '{':
		return "{" + canonical(rawjson.Members(v)) + "}"
	case '[':
		var list []string
		for _, element := range rawjson.Elements(v) {
			list = append(list, canonicalValue(element))
		}
		return "[" + strings.Join(list, ", ") + "]"
	default:
		return string(v)
	}
}
