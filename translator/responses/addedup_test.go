package responses

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// TestWholeIsStreamAddedUp: any whole reply gives the client the same as the events of
// its stream: the last event has the whole answer, and the pieces before it add up to its
// items.
func TestWholeIsStreamAddedUp(t *testing.T) {
	dialecttest.AddedUp{
		NewEncoder: func() translator.Encoder { return testCall() },
		Facts:      facts,
		// A half of a pair at the start of a block waits for the block's end, which may come
		// after the next block has begun: its part would be another item.
		WithoutHalves: true,
		AddUp: func(sse []byte) (rawjson.Object, string) {
			added, problem := addUp(sse)
			return rawjson.Members(added), problem
		},
		Canonical: canonical,
	}.Test(t)
}

// testCall is a call of a request with a custom tool and a tool in a namespace.
func testCall() *call {
	tools := newToolNames()
	tools.custom["g"] = true
	tools.parts["f"] = nameParts{"space", "f"}
	return &call{model: "m", tools: tools, names: dialecttest.Names()}
}

// addition is a response that a client adds up from events.
type addition struct {
	begun   bool
	items   []*addedItem
	final   rawjson.Value
	problem string
}

// addedItem is an item as far as events have shown it.
type addedItem struct {
	kind    string
	parts   []addedPart
	summary string
	input   string // the arguments of a function, or the input of a custom tool
	done    rawjson.Value
}

type addedPart struct {
	text  string
	notes []rawjson.Value
	done  bool
}

// addUp reads an event stream as clients do. It returns the response of the last event.
func addUp(sse []byte) (final rawjson.Value, problem string) {
	a := &addition{}
	sequence := 0
	for ev := range strings.SplitSeq(strings.TrimSuffix(string(sse), "\n\n"), "\n\n") {
		name, data, _ := strings.Cut(strings.TrimPrefix(ev, "event: "), "\ndata: ")
		event := rawjson.Members(rawjson.Value(data))
		switch {
		case !rawjson.IsText(event.Get("type"), name):
			a.fail("the name is not the type", ev)
		case string(event.Get("sequence_number")) != strconv.Itoa(sequence):
			a.fail("the sequence number is not "+strconv.Itoa(sequence), ev)
		case a.final != nil:
			a.fail("something follows the last event", ev)
		default:
			a.add(name, event, ev)
		}
		sequence++
	}
	if a.final == nil {
		return nil, "the stream has no end; " + a.problem
	}
	a.checkOutput()
	return a.final, a.problem
}

func (a *addition) fail(what, ev string) {
	a.problem = cmp.Or(a.problem, what+": "+ev)
}

func (a *addition) add(name string, event rawjson.Object, ev string) {
	switch name {
	case "response.created":
		a.begun = true
		return
	case "response.in_progress":
		return
	case "response.completed", "response.incomplete":
		a.final = event.Get("response")
		if !strings.HasSuffix(name, rawjson.Text(rawjson.Members(a.final).Get("status"))) {
			a.fail("the status is not that of the event", ev)
		}
		return
	}
	index := integer(event.Get("output_index"))
	if name == "response.output_item.added" {
		if !a.begun || index != len(a.items) {
			a.fail("an item begins out of order", ev)
		}
		a.items = append(a.items, &addedItem{kind: rawjson.Text(rawjson.Members(event.Get("item")).Get("type"))})
		return
	}
	if index >= len(a.items) || a.items[index].done != nil {
		a.fail("the item is not open", ev)
		return
	}
	if problem := a.items[index].add(name, event); problem != "" {
		a.fail(problem, ev)
	}
}

func (i *addedItem) add(name string, event rawjson.Object) (problem string) {
	content := integer(event.Get("content_index"))
	if strings.HasPrefix(name, "response.output_text.") && (content >= len(i.parts) || i.parts[content].done) {
		return "the part is not open"
	}
	delta := rawjson.Text(event.Get("delta"))
	switch name {
	case "response.content_part.added":
		if content != len(i.parts) {
			return "a part begins out of order"
		}
		i.parts = append(i.parts, addedPart{})
	case "response.output_text.delta":
		i.parts[content].text += delta
	case "response.output_text.annotation.added":
		i.parts[content].notes = append(i.parts[content].notes, event.Get("annotation"))
	case "response.output_text.done":
		return differs(i.parts[content].text, rawjson.Text(event.Get("text")))
	case "response.content_part.done":
		i.parts[content].done = true
		return i.parts[content].differs(event.Get("part"))
	case "response.reasoning_summary_part.added":
	case "response.reasoning_summary_text.delta":
		i.summary += delta
	case "response.reasoning_summary_text.done":
		return differs(i.summary, rawjson.Text(event.Get("text")))
	case "response.reasoning_summary_part.done":
		return differs(i.summary, rawjson.Text(rawjson.Members(event.Get("part")).Get("text")))
	case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
		i.input += delta
	case "response.function_call_arguments.done":
		return differs(parsed(i.input), parsed(rawjson.Text(event.Get("arguments"))))
	case "response.custom_tool_call_input.done":
		return differs(i.input, rawjson.Text(event.Get("input")))
	case "response.output_item.done":
		i.done = event.Get("item")
		return i.differs()
	default:
		return "an unknown event"
	}
	return ""
}

func differs(added, complete string) string {
	if added == complete {
		return ""
	}
	return fmt.Sprintf("the pieces are %q, and the whole is %q", added, complete)
}

func (p *addedPart) differs(part rawjson.Value) string {
	members := rawjson.Members(part)
	notes := "[]"
	if p.notes != nil {
		notes = string(rawjson.Array(p.notes))
	}
	return cmp.Or(differs(p.text, rawjson.Text(members.Get("text"))), differs(notes, string(members.Get("annotations"))))
}

// differs says what of a complete item was not in its pieces, "" for nothing.
func (i *addedItem) differs() string {
	members := rawjson.Members(i.done)
	switch i.kind {
	case message:
		n := 0
		for k, part := range rawjson.Elements(members.Get("content")) {
			if k >= len(i.parts) || !i.parts[k].done {
				return "a part has not ended"
			}
			if d := i.parts[k].differs(part); d != "" {
				return d
			}
			n++
		}
		return differs(strconv.Itoa(len(i.parts)), strconv.Itoa(n))
	case reasoning:
		text := ""
		for _, part := range rawjson.Elements(members.Get("summary")) {
			text += rawjson.Text(rawjson.Members(part).Get("text"))
		}
		return differs(i.summary, text)
	case functionCall:
		return differs(parsed(i.input), parsed(rawjson.Text(members.Get("arguments"))))
	}
	return differs(i.input, rawjson.Text(members.Get("input")))
}

// checkOutput compares the output of the last event with the items that have ended.
func (a *addition) checkOutput() {
	var done []rawjson.Value
	for _, i := range a.items {
		if i.done == nil {
			a.fail("an item has not ended", i.kind)
		}
		done = append(done, i.done)
	}
	if d := differs(string(orEmptyList(done)), string(rawjson.Members(a.final).Get("output"))); d != "" {
		a.fail(d, "")
	}
}

// parsed is JSON text without what its spelling leaves open.
func parsed(text string) string {
	if rawjson.Check([]byte(text)) != nil {
		return text
	}
	return dialecttest.CanonicalValue(rawjson.Value(text))
}

// integer is 0 for an absent value.
func integer(v rawjson.Value) int {
	n := 0
	for _, c := range v {
		n = 10*n + int(c-'0')
	}
	return n
}

// canonical is dialecttest.Canonical, also of the JSON in strings: arguments, and sealed
// thoughts.
func canonical(members rawjson.Object) string {
	return dialecttest.CanonicalWith(members, inString)
}

func inString(member string, v rawjson.Value) (text string, ok bool) {
	if content, ok := unseal(v); ok {
		return "sealed " + dialecttest.CanonicalValue(content), true
	}
	if member == "arguments" {
		return parsed(rawjson.Text(v)), true
	}
	return "", false
}
