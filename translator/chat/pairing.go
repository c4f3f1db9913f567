package chat

import (
	"slices"
	"strings"
)

// pairTools holds results to calls: all results of one assistant turn stand in the
// next turn, in the order of the calls and before anything else. What is
// missing, doubled or an answer to nothing cannot be mended.
func (t *translation) pairTools() error {
	var open []block // calls of the turn before
	for i := range t.turns {
		turn := &t.turns[i]
		if turn.role != "user" {
			if err := unanswered(open, turn.at); err != nil {
				return err
			}
			open = callsIn(turn.blocks)
			if err := duplicated(open); err != nil {
				return err
			}
			continue
		}
		if err := t.pair(turn, open); err != nil {
			return err
		}
		open = nil
	}
	if len(open) > 0 {
		return unanswered(open, t.turns[len(t.turns)-1].at)
	}
	return nil
}

func callsIn(blocks []block) []block {
	var calls []block
	for _, b := range blocks {
		if b.kind == "toolUse" && b.id != "" {
			calls = append(calls, b)
		}
	}
	return calls
}

func duplicated(calls []block) error {
	seen := map[string]bool{}
	for _, c := range calls {
		if seen[c.id] {
			return invalid(c.at, "The id "+c.id+" is used by two tool calls of one turn.", "Give every tool call an id of its own.")
		}
		seen[c.id] = true
	}
	return nil
}

func unanswered(open []block, at string) error {
	if len(open) == 0 {
		return nil
	}
	ids := make([]string, len(open))
	for i, c := range open {
		ids[i] = c.id
	}
	return invalid(at, "There is no tool result for "+strings.Join(ids, ", ")+".",
		"Send one result for every tool call, right after the assistant's message that makes the calls.")
}

// pair sorts a user turn's results into the order of the calls.
func (t *translation) pair(turn *turn, open []block) error {
	results := map[string]block{}
	var rest, order []block
	for _, b := range turn.blocks {
		if b.kind != "toolResult" || b.id == "" {
			rest = append(rest, b)
			continue
		}
		if _, twice := results[b.id]; twice {
			return invalid(b.at, "There are two results for the tool call "+b.id+".", "Send one result for every tool call.")
		}
		if !slices.ContainsFunc(open, func(c block) bool { return c.id == b.id }) {
			return invalid(b.at, "The message before makes no tool call "+b.id+".",
				"Send a result right after the assistant's message that makes the call.")
		}
		results[b.id] = b
	}
	var missing []block
	for _, c := range open {
		if b, ok := results[c.id]; ok {
			order = append(order, b)
		} else {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return unanswered(missing, turn.at)
	}
	if len(results) == 0 {
		return nil
	}
	return t.sorted(turn, append(order, rest...))
}

// sorted says so when the order has changed.
func (t *translation) sorted(turn *turn, blocks []block) error {
	same := slices.EqualFunc(turn.blocks, blocks, func(a, b block) bool { return a.at == b.at })
	turn.blocks = blocks
	if same {
		return nil
	}
	return t.repair("tool_results_sorted", turn.at, "Tool results were put first, in the order of the calls.", "Send results in the order of the calls, before other content.")
}
