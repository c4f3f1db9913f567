package validate

import (
	"fmt"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// firstTurn must be the user's. Some families also accept the assistant's, and a stored
// prompt has its own messages.
func firstTurn(r *request) string {
	if len(r.Messages) == 0 && r.prompt() {
		return ""
	}
	for _, m := range r.Messages {
		switch m.Role {
		case "user":
			return ""
		case "assistant":
			if r.model.is("anthropic.", "qwen.", "zai.", "moonshot") {
				return ""
			}
			return userFirst
		}
	}
	return userFirst
}

const userFirst = "A conversation must start with a user message. Try again with a conversation that starts with a user message."

// systemTurns restricts the blocks of system messages.
func systemTurns(r *request) string {
	for i, m := range r.Messages {
		for j, b := range m.Content {
			change := b.ToolAddition != nil || b.ToolRemoval != nil
			switch {
			case m.Role == "system" && !change && b.Text == nil && b.CachePoint == nil:
				return fmt.Sprintf("The block at messages.%d.content.%d cannot be in a message of the system role. Remove it and try again.", i, j)
			case m.Role != "system" && change:
				return fmt.Sprintf("The block at messages.%d.content.%d changes the tools, which only a message of the system role can. Fix it and try again.", i, j)
			}
		}
	}
	return ""
}

// alternatingTurns: Amazon's models accept consecutive turns of the same role.
func alternatingTurns(r *request) string {
	if r.lenientRoles || r.model.is("amazon.") {
		return ""
	}
	last := ""
	for _, m := range r.Messages {
		if m.Role == last && m.Role != "system" {
			return "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again."
		}
		if m.Role != "system" {
			last = m.Role
		}
	}
	return ""
}

func emptyTurn(r *request) string {
	for i, m := range r.Messages {
		if len(m.Content) == 0 {
			return fmt.Sprintf("The content field in the Message object at messages.%d is empty. Add a ContentBlock object to the content field and try again.", i)
		}
	}
	return ""
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// blankText: no text may be empty.
func blankText(r *request) string {
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if below, ok := emptyIn(b); ok {
				return fmt.Sprintf("The text field in the ContentBlock object at messages.%d.content.%d%s is blank. Add text to the text field, and try again.", i, j, below)
			}
		}
	}
	return ""
}

// emptyIn finds an empty text in a block. below is its path within the block.
func emptyIn(b converse.Block) (below string, found bool) {
	switch {
	case b.Text != nil:
		return "", *b.Text == ""
	case b.GuardContent != nil && b.GuardContent.Text != nil:
		return ".guardContent.text", b.GuardContent.Text.Text == ""
	case b.ToolResult != nil:
		for i, c := range b.ToolResult.Content {
			if c.Text != nil && *c.Text == "" {
				return fmt.Sprintf(".toolResult.content.%d", i), true
			}
		}
	}
	return "", false
}

// spaceOnly: Claude rejects a turn, a tool result or a system prompt that consists of
// white space. White space beside other blocks is accepted.
func spaceOnly(r *request) string {
	switch {
	case !r.model.claude():
		return ""
	case isSpace(r.System):
		return returned("system: text content blocks must contain non-whitespace text")
	}
	for _, m := range r.Messages {
		alone := isSpace(m.Content)
		for _, b := range m.Content {
			alone = alone || b.ToolResult != nil && isSpace(b.ToolResult.Content)
		}
		if alone {
			return returned("messages: text content blocks must contain non-whitespace text")
		}
	}
	return ""
}

// isSpace reports whether blocks has only white space.
func isSpace(blocks []converse.Block) bool {
	for _, b := range blocks {
		if b.Text == nil || !blank(*b.Text) {
			return false
		}
	}
	return len(blocks) > 0
}

// misplacedBlocks: some block kinds are allowed in one role only.
func misplacedBlocks(r *request) string {
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if kind := misplaced(b, m.Role); kind != "" {
				return fmt.Sprintf("The %s block at messages.%d.content.%d cannot be in a message of the %s role. Remove it and try again.", kind, i, j, m.Role)
			}
		}
	}
	return ""
}

func misplaced(b converse.Block, role string) string {
	user := role == "user"
	switch {
	case b.ToolUse != nil && user:
		return "toolUse"
	case b.ReasoningContent != nil && user:
		return "reasoningContent"
	case b.Image != nil && !user:
		return "image"
	case b.Document != nil && !user:
		return "document"
	}
	return ""
}

// lastTurn: newer Claude models reject a final assistant turn (prefill). Older ones
// reject one that ends with white space.
func lastTurn(r *request) string {
	if len(r.Messages) == 0 || !r.model.claude() {
		return ""
	}
	last := r.Messages[len(r.Messages)-1]
	switch {
	case last.Role != "assistant":
		return ""
	case r.model.matches(noPrefill):
		return returned("This model does not support assistant message prefill. The conversation must end with a user message.")
	}
	if n := len(last.Content); n > 0 {
		if t := last.Content[n-1].Text; t != nil && strings.TrimRight(*t, " \t\r\n") != *t {
			return returned("messages: final assistant content cannot end with trailing whitespace")
		}
	}
	return ""
}
