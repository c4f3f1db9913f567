package answer

import (
	"bytes"
	"encoding/json"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// toolResults returns the tool results of the last turn.
func toolResults(r *converse.Request) []*converse.ToolResult {
	var list []*converse.ToolResult
	for _, b := range r.LastUserTurn() {
		if b.ToolResult != nil {
			list = append(list, b.ToolResult)
		}
	}
	return list
}

// useResults puts the tool results into words.
func useResults(r *converse.Request, results []*converse.ToolResult) string {
	calls := map[string]*converse.ToolUse{}
	for _, m := range r.Messages {
		for _, b := range m.Content {
			if b.ToolUse != nil {
				calls[b.ToolUse.ToolUseID] = b.ToolUse
			}
		}
	}
	var sentences []string
	for _, result := range results {
		sentences = append(sentences, useResult(calls[result.ToolUseID], result))
	}
	return strings.Join(sentences, "\n")
}

func useResult(call *converse.ToolUse, result *converse.ToolResult) string {
	who := "The tool"
	if call != nil {
		who = call.Name
		if arguments := arguments(call.Input); arguments != "" {
			who += " (" + arguments + ")"
		}
	}
	said := contentText(result.Content)
	switch {
	case result.Status == "error":
		return who + " failed: " + said
	case said == "":
		return who + " had nothing to say."
	}
	return who + " says: " + said
}

// arguments lists the values of a tool's input.
func arguments(input json.RawMessage) string {
	var list []string
	for _, value := range members(input) {
		list = append(list, plain(value))
	}
	return strings.Join(list, ", ")
}

func contentText(blocks []converse.Block) string {
	var parts []string
	for _, b := range blocks {
		switch {
		case b.Text != nil:
			parts = append(parts, strings.TrimSpace(*b.Text))
		case b.JSON != nil:
			parts = append(parts, plain(b.JSON))
		}
	}
	if seen := describeAttachments(blocks); seen != "" {
		parts = append(parts, seen)
	}
	return strings.Join(parts, " ")
}

// plain puts JSON into words: {"temperature": 12, "sky": "rain"} becomes "temperature
// 12, sky rain".
func plain(value json.RawMessage) string {
	value = bytes.TrimSpace(value)
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	if len(value) > 0 && value[0] == '{' {
		var parts []string
		for name, member := range members(value) {
			parts = append(parts, name+" "+plain(member))
		}
		return strings.Join(parts, ", ")
	}
	return string(value)
}
