package converse

import (
	"cmp"
	"slices"
	"strings"

	"bedrock-extproc/translator"
)

// checkResults refuses a conversation in which a tool call has no result or two, or
// a result has no call. The results of an assistant turn's calls must be in the next
// user turn.
func (r *Request) checkResults() error {
	var open []Block // the calls without a result so far
	for _, t := range r.turns {
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
			if err := checkAnswers(t, open); err != nil {
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

// openCalls lists the calls of an assistant turn that need a result. The service's own
// tools have theirs in the same turn.
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
			return nil, Refuse(b.At, faultAssistantResult)
		case !b.is("toolUse") || answered[b.tool.id.text]:
			continue
		case seen[b.tool.id.text]:
			return nil, Refuse(b.At, faultSameToolUseID.with(values{id: shown(b)}))
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
	return Refuse(at, faultResultMissing.with(values{id: strings.Join(ids, ", ")}))
}

// shown is a block's id for an error message, bounded since a client wrote it.
func shown(b Block) string { return translator.Clip(b.tool.id.text, 2*maxName) }

// checkAnswers refuses a user turn whose results do not answer the open calls, each
// once.
func checkAnswers(t turn, open []Block) error {
	answered := make(map[string]bool, len(open))
	for _, call := range open {
		answered[call.tool.id.text] = false
	}
	for _, b := range t.blocks {
		if !b.is("toolResult") {
			continue
		}
		switch twice, asked := answered[b.tool.id.text]; {
		case !asked:
			return Refuse(b.At, faultResultUnasked.with(values{id: shown(b)}))
		case twice:
			return Refuse(b.At, faultResultTwice.with(values{id: shown(b)}))
		}
		answered[b.tool.id.text] = true
	}
	return unanswered(slices.DeleteFunc(open, func(call Block) bool { return answered[call.tool.id.text] }), t.at)
}

// sortResults puts the results of each user turn first, in the order of the calls.
// Bedrock needs them first. Nothing is known of their order among themselves, so strict
// mode does not refuse another one.
func (r *Request) sortResults() error {
	var calls []Block
	for i := range r.turns {
		t := &r.turns[i]
		switch t.role {
		case "assistant":
			calls = t.blocks
		case "user":
			if resultsSorted(t.blocks, calls) {
				continue
			}
			first := resultsFirst(t.blocks)
			sortBlocks(t.blocks, calls)
			if first {
				r.warn(t.at, faultResultOrder)
			} else if err := r.repair(t.at, faultResultOrder); err != nil {
				return err
			}
		}
	}
	return nil
}

// resultsFirst reports whether no other content comes before a turn's results.
func resultsFirst(blocks []Block) bool {
	other := slices.IndexFunc(blocks, func(b Block) bool { return !b.is("toolResult") && b.Kind != "cachePoint" })
	return other < 0 || !slices.ContainsFunc(blocks[other:], func(b Block) bool { return b.is("toolResult") })
}

// resultsSorted reports whether a turn's results are first and in the order of the
// calls. Cache points may be among them.
func resultsSorted(blocks, calls []Block) bool {
	first := true // no other content so far
	for i := range blocks {
		switch b := &blocks[i]; {
		case b.is("toolResult"):
			n := slices.IndexFunc(calls, func(call Block) bool { return call.is("toolUse") && call.tool.id.text == b.tool.id.text })
			if !first || n < 0 {
				return false
			}
			calls = calls[n+1:]
		case b.Kind != "cachePoint":
			first = false
		}
	}
	return true
}

// sortBlocks puts results first, in the order of the calls, and keeps the order of
// the rest.
func sortBlocks(blocks, calls []Block) {
	position := make(map[string]int, len(calls))
	for i := range calls {
		if calls[i].is("toolUse") {
			position[calls[i].tool.id.text] = i
		}
	}
	rank := func(b Block) int {
		if b.is("toolResult") {
			return position[b.tool.id.text]
		}
		return len(calls)
	}
	slices.SortStableFunc(blocks, func(a, b Block) int { return cmp.Compare(rank(a), rank(b)) })
}
