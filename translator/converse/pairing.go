package converse

import (
	"strings"
)

// pairTools holds results to calls: all results of one assistant turn stand in the
// next user turn, in the order of the calls and before other content. What is
// missing, doubled or answers no call cannot be mended.
func (r *Request) pairTools() error {
	var open []Block // the calls that wait for results
	for i := range r.turns {
		t := &r.turns[i]
		switch t.role {
		case "assistant":
			if err := unanswered(open, t.at); err != nil {
				return err
			}
			var err error
			if open, err = openCalls(t.blocks); err != nil {
				return err
			}
		case "user":
			if err := r.pair(t, open); err != nil {
				return err
			}
			open = nil
		}
	}
	if len(open) > 0 {
		return unanswered(open, open[0].At)
	}
	return nil
}

// openCalls lists the calls of an assistant's turn that it does not answer itself,
// as it does for tools that the service runs.
func openCalls(blocks []Block) ([]Block, error) {
	answered := map[string]bool{}
	for _, b := range blocks {
		if b.Kind == "toolResult" {
			answered[b.tool.id.text] = true
		}
	}
	var open []Block
	seen := map[string]bool{}
	for _, b := range blocks {
		switch {
		case b.is("toolResult"):
			return nil, Invalid(b.At, "An assistant message cannot hold a tool result.", "Send tool results in a user message.")
		case !b.is("toolUse") || answered[b.tool.id.text]:
			continue
		case seen[b.tool.id.text]:
			return nil, Invalid(b.At, "Two tool calls of this message have the id "+shown(b)+".", "Give every tool call an id of its own.")
		}
		seen[b.tool.id.text] = true
		open = append(open, b)
	}
	return open, nil
}

func unanswered(open []Block, at string) error {
	if len(open) == 0 {
		return nil
	}
	ids := make([]string, 0, len(open))
	for _, call := range open[:min(len(open), 20)] {
		ids = append(ids, shown(call))
	}
	return Invalid(at, "There is no tool result for "+strings.Join(ids, ", ")+".",
		"Send one result for every tool call, right after the assistant's message that makes the calls.")
}

// shown is a block's id as part of a message: bounded, since a client wrote it.
func shown(b Block) string {
	id := b.tool.id.text
	if len(id) > 2*maxName {
		id = strings.ToValidUTF8(id[:2*maxName], "") + "…"
	}
	return id
}

// pair sorts a user turn's results into the order of the calls.
func (r *Request) pair(t *turn, open []Block) error {
	waiting := make(map[string]int, len(open))
	for i, call := range open {
		waiting[call.tool.id.text] = i
	}
	sorted := make([]*Block, len(open))
	found := 0
	for i := range t.blocks {
		b := &t.blocks[i]
		if !b.is("toolResult") {
			continue
		}
		n, ok := waiting[b.tool.id.text]
		switch {
		case !ok:
			return Invalid(b.At, "The assistant's message before makes no tool call "+shown(*b)+".",
				"Send a result right after the assistant's message that makes the call.")
		case sorted[n] != nil:
			return Invalid(b.At, "There are two results for the tool call "+shown(*b)+".", "Send one result for every tool call.")
		}
		sorted[n] = b
		found++
	}
	if found < len(open) {
		return unanswered(missing(open, sorted), t.at)
	}
	return r.sortResults(t, sorted)
}

func missing(open []Block, sorted []*Block) []Block {
	var list []Block
	for i := range open {
		if sorted[i] == nil {
			list = append(list, open[i])
		}
	}
	return list
}

// sortResults puts results first and in order, unless they are; cache points among
// them are no disorder.
func (r *Request) sortResults(t *turn, sorted []*Block) error {
	next, inOrder := 0, true
	for i := range t.blocks {
		switch b := &t.blocks[i]; {
		case next == len(sorted):
		case b == sorted[next]:
			next++
		case b.Kind != "cachePoint":
			inOrder = false
		}
	}
	if inOrder {
		return nil
	}
	blocks := make([]Block, 0, len(t.blocks))
	for _, b := range sorted {
		blocks = append(blocks, *b)
	}
	for _, b := range t.blocks {
		if !b.is("toolResult") {
			blocks = append(blocks, b)
		}
	}
	t.blocks = blocks
	return r.repair(t.at, fault{
		"tool_results_sorted", "Tool results do not stand first and in the order of the calls.", "Tool results were put first, in the order of the calls.",
		"Send results in the order of the calls, before other content.",
	})
}
