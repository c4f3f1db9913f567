package answer

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// step is a tool call that a user asks for word by word: call Read with {"path": "a"}.
type step struct {
	tool  string
	input json.RawMessage
}

var stepStart = regexp.MustCompile(`\b[Cc]all ([A-Za-z0-9_.-]+) with \{`)

// planOf returns the calls that a text asks for, in order.
func planOf(text string) []step {
	var plan []step
	for {
		at := stepStart.FindStringSubmatchIndex(text)
		if at == nil {
			return plan
		}
		name := text[at[2]:at[3]]
		text = text[at[1]-1:]
		var input json.RawMessage
		if json.NewDecoder(strings.NewReader(text)).Decode(&input) != nil {
			text = text[1:]
			continue
		}
		plan = append(plan, step{name, input})
		text = text[len(input):]
	}
}

// nextStep returns the first call of the last plan in the conversation that was not
// made yet. ok is false if there is none, or its tool is not offered.
func nextStep(r *converse.Request) (next step, ok bool) {
	made := 0
	for _, m := range slices.Backward(r.Messages) {
		if m.Role != "user" {
			made += toolUses(m.Content)
			continue
		}
		plan := planOf(converse.TextOf(m.Content))
		switch {
		case len(plan) == 0:
			continue
		case made >= len(plan):
			return step{}, false
		}
		return plan[made], offers(r.ToolConfig, plan[made].tool)
	}
	return step{}, false
}

func toolUses(content []converse.Block) (n int) {
	for _, b := range content {
		if b.ToolUse != nil {
			n++
		}
	}
	return n
}

func offers(c *converse.ToolConfig, tool string) bool {
	return c != nil && slices.ContainsFunc(c.Tools, func(t converse.Tool) bool {
		return t.ToolSpec != nil && t.ToolSpec.Name == tool
	})
}
