package openai

import (
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
		NewEncoder: func() translator.Encoder { return &call{model: "m", names: dialecttest.Names(), includeUsage: true} },
		Facts:      facts,
		// A half of a pair at the end of a block waits for the block's end, which may come
		// after the next block: OpenAI's pieces of text do not say which block they belong to.
		WithoutHalves: true,
		Whole:         ofWhole,
		AddUp:         addUp,
	}.Test(t)
}

// added is an answer that a client adds up from chunks.
type added struct {
	content, reasoning         string
	thoughts, notes, calls     []rawjson.Value
	finish, bedrock, tier, use rawjson.Value
}

// addUp builds the whole answer from an event stream, as clients do.
func addUp(sse []byte) (whole rawjson.Object, problem string) {
	var a added
	done := false
	for line := range strings.SplitSeq(string(sse), "\n") {
		data, ok := strings.CutPrefix(line, "data: ")
		switch {
		case !ok:
			continue
		case done:
			return nil, "there is data after [DONE]: " + data
		case data == "[DONE]":
			done = true
			continue
		}
		chunk := rawjson.Members(rawjson.Value(data))
		if p := a.add(chunk); p != "" {
			problem = p + ": " + data
		}
	}
	if !done || a.finish == nil {
		return nil, "the stream has no end"
	}
	return a.whole(), problem
}

func (a *added) add(chunk rawjson.Object) (problem string) {
	if usage := chunk.Get("usage"); !rawjson.Absent(usage) {
		a.use = usage
	}
	for _, v := range rawjson.Elements(chunk.Get("choices")) {
		choice := rawjson.Members(v)
		if a.finish != nil {
			problem = "a choice follows the finish reason"
		}
		if finish := choice.Get("finish_reason"); !rawjson.Absent(finish) {
			a.finish, a.bedrock, a.tier = finish, chunk.Get("bedrock"), chunk.Get("service_tier")
		}
		delta := rawjson.Members(choice.Get("delta"))
		a.content += rawjson.Text(delta.Get("content"))
		a.reasoning += rawjson.Text(delta.Get("reasoning_content"))
		for name, list := range map[string]*[]rawjson.Value{"thinking_blocks": &a.thoughts, "annotations": &a.notes} {
			if v := delta.Get(name); v != nil {
				*list = elements(v) // OpenAI's SDK for Node keeps the last list
			}
		}
		for _, call := range elements(delta.Get("tool_calls")) {
			a.addCall(rawjson.Members(call))
		}
	}
	return problem
}

// addCall opens a call or adds to its arguments.
func (a *added) addCall(piece rawjson.Object) {
	i := integer(piece.Get("index"))
	if i == len(a.calls) {
		a.calls = append(a.calls, piece.Set("index", nil).Value())
		return
	}
	call := rawjson.Members(a.calls[i])
	function := rawjson.Members(call.Get("function"))
	more := rawjson.Members(piece.Get("function")).Get("arguments")
	text := rawjson.Text(function.Get("arguments")) + rawjson.Text(more)
	a.calls[i] = call.Set("function", function.Set("arguments", rawjson.Quote(text)).Value()).Value()
}

// elements are those of a list, without the index that streams add.
func elements(list rawjson.Value) (all []rawjson.Value) {
	for _, v := range rawjson.Elements(list) {
		m := rawjson.Members(v)
		if m.Get("function") == nil {
			m = m.Set("index", nil)
		}
		all = append(all, m.Value())
	}
	return all
}

func (a *added) whole() rawjson.Object {
	content := rawjson.Quote(a.content)
	if a.content == "" && a.calls != nil {
		content = rawjson.Value("null")
	}
	var reasoning rawjson.Value
	if a.reasoning != "" || len(a.thoughts) > 0 {
		reasoning = rawjson.Quote(a.reasoning)
	}
	message := rawjson.Object{
		{Name: "role", Value: rawjson.Quote("assistant")},
		{Name: "content", Value: content},
		{Name: "refusal", Value: rawjson.Value("null")},
		{Name: "reasoning_content", Value: reasoning},
		{Name: "thinking_blocks", Value: rawjson.Array(a.thoughts)},
		{Name: "annotations", Value: rawjson.Array(a.notes)},
		{Name: "tool_calls", Value: rawjson.Array(parsed(a.calls))},
	}
	return rawjson.Object{
		{Name: "message", Value: message.Value()},
		{Name: "finish_reason", Value: a.finish},
		{Name: "usage", Value: a.use},
		{Name: "service_tier", Value: a.tier},
		{Name: "bedrock", Value: a.bedrock},
	}
}

// parsed are calls with arguments as clients parse them.
func parsed(calls []rawjson.Value) []rawjson.Value {
	all := slices.Clone(calls)
	for i := range all {
		call := rawjson.Members(all[i])
		function := rawjson.Members(call.Get("function"))
		v := rawjson.Value(rawjson.Text(function.Get("arguments")))
		if rawjson.Check(v) != nil {
			v = rawjson.Quote(string(v))
		}
		all[i] = call.Set("function", function.Set("arguments", v).Value()).Value()
	}
	return all
}

// ofWhole picks from a completion what added has.
func ofWhole(body rawjson.Value) rawjson.Object {
	members := rawjson.Members(body)
	var choice rawjson.Object
	for _, v := range rawjson.Elements(members.Get("choices")) {
		choice = rawjson.Members(v)
	}
	message := rawjson.Members(choice.Get("message"))
	if calls := elements(message.Get("tool_calls")); calls != nil {
		message = message.Set("tool_calls", rawjson.Array(parsed(calls)))
	}
	return rawjson.Object{
		{Name: "message", Value: message.Value()},
		{Name: "finish_reason", Value: choice.Get("finish_reason")},
		{Name: "usage", Value: members.Get("usage")},
		{Name: "service_tier", Value: members.Get("service_tier")},
		{Name: "bedrock", Value: members.Get("bedrock")},
	}
}

func integer(v rawjson.Value) int {
	n := 0
	for _, c := range v {
		n = 10*n + int(c-'0')
	}
	return n
}
