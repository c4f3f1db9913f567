package anthropic

import (
	"strconv"
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// TestWholeIsStreamAddedUp: any whole reply gives the client the same as the events
// of its stream, added up as the SDKs do: the blocks in order, the usage, the stop reason
// and everything else.
func TestWholeIsStreamAddedUp(t *testing.T) {
	dialecttest.AddedUp{
		NewEncoder: func() translator.Encoder { return &call{model: "m", names: dialecttest.Names()} },
		Facts:      facts,
		Whole:      ofWhole,
		AddUp:      addUp,
	}.Test(t)
}

// adder adds up a stream.
type adder struct {
	message rawjson.Object
	blocks  []rawjson.Object
	inputs  map[int]string
	open    map[int]bool
	state   string // the event that was expected last: "", "message_start", "message_delta" or "message_stop"
	problem string
}

// addUp builds the whole answer from an event stream. problem says how the order of
// events is not the one that Anthropic describes.
func addUp(sse []byte) (whole rawjson.Object, problem string) {
	a := adder{inputs: map[int]string{}, open: map[int]bool{}}
	for event := range strings.SplitSeq(strings.TrimSuffix(string(sse), "\n\n"), "\n\n") {
		head, data, ok := strings.Cut(event, "\ndata: ")
		ev := rawjson.Members(rawjson.Value(data))
		if name := strings.TrimPrefix(head, "event: "); !ok || !rawjson.IsText(ev.Get("type"), name) {
			return nil, "not an event: " + event
		}
		a.add(rawjson.Text(ev.Get("type")), ev)
		if a.problem != "" {
			return nil, a.problem + ": " + event
		}
	}
	if a.state != "message_stop" || len(a.open) > 0 {
		return nil, "the stream has no end"
	}
	blocks := make([]rawjson.Value, len(a.blocks))
	for i, b := range a.blocks {
		blocks[i] = b.Value()
	}
	return a.message.Set("content", rawjson.Array(blocks)), ""
}

func (a *adder) step(from, to string) {
	if a.state != from {
		a.problem = to + " after " + a.state
	}
	a.state = to
}

func (a *adder) add(kind string, ev rawjson.Object) {
	switch kind {
	case "message_start":
		a.step("", kind)
		a.message = rawjson.Members(ev.Get("message")).Set("content", nil)
	case "ping":
		if a.state == "" {
			a.problem = "ping before message_start"
		}
	case "message_delta":
		a.step("message_start", kind)
		for _, m := range rawjson.Members(ev.Get("delta")) {
			a.message = a.message.Set(m.Name, m.Value)
		}
		a.message = a.message.Set("usage", ev.Get("usage")).Set("bedrock", ev.Get("bedrock"))
	case "message_stop":
		a.step("message_delta", kind)
	default:
		a.block(kind, ev)
	}
}

func (a *adder) block(kind string, ev rawjson.Object) {
	i, err := strconv.Atoi(string(ev.Get("index")))
	switch {
	case a.state != "message_start" || err != nil:
		a.problem = "not in a message"
	case kind == "content_block_start" && i == len(a.blocks):
		a.blocks = append(a.blocks, rawjson.Members(ev.Get("content_block")))
		a.open[i] = true
	case !a.open[i]:
		a.problem = "not open"
	case kind == "content_block_delta":
		a.delta(i, rawjson.Members(ev.Get("delta")))
	case kind == "content_block_stop":
		a.close(i)
	default:
		a.problem = "unexpected"
	}
}

func (a *adder) delta(i int, delta rawjson.Object) {
	b := a.blocks[i]
	name := map[string]string{"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}[rawjson.Text(delta.Get("type"))]
	switch kind := rawjson.Text(delta.Get("type")); {
	case kind == "input_json_delta":
		a.inputs[i] += rawjson.Text(delta.Get("partial_json"))
	case kind == "citations_delta":
		var list []rawjson.Value
		for _, v := range rawjson.Elements(b.Get("citations")) {
			list = append(list, v)
		}
		a.blocks[i] = b.Set("citations", rawjson.Array(append(list, delta.Get("citation"))))
	case kind == "signature_delta" && len(b.Get("signature")) > 2:
		a.problem = "a second signature"
	case name == "":
		a.problem = "unknown delta"
	default:
		a.blocks[i] = b.Set(name, rawjson.Quote(rawjson.Text(b.Get(name))+rawjson.Text(delta.Get(name))))
	}
}

// close completes an input. Text that is not JSON has the form that a whole answer gives
// it.
func (a *adder) close(i int) {
	delete(a.open, i)
	text, ok := a.inputs[i]
	switch v := rawjson.Value(text); {
	case !ok:
	case rawjson.Check(v) != nil || rawjson.Kind(v) == '"':
		a.blocks[i] = a.blocks[i].Set("input", rawjson.Wrap("raw", rawjson.Quote(text)))
	default:
		a.blocks[i] = a.blocks[i].Set("input", v)
	}
}

// ofWhole are the members of a whole answer. An empty list of content has no events.
func ofWhole(body rawjson.Value) rawjson.Object {
	members := rawjson.Members(body)
	if content := members.Get("content"); rawjson.Empty(content) {
		members = members.Set("content", nil)
	}
	return members
}
