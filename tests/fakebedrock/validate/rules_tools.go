package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// toolConfigNeeded: messages with tool blocks need a toolConfig.
func toolConfigNeeded(r *request) string {
	if r.ToolConfig != nil {
		return ""
	}
	for _, m := range r.Messages {
		for _, b := range m.Content {
			if b.ToolUse != nil || b.ToolResult != nil {
				return "The toolConfig field must be defined when using toolUse and toolResult content blocks."
			}
		}
	}
	return ""
}

func (r *request) specs() []*converse.ToolSpec {
	if r.ToolConfig == nil {
		return nil
	}
	var list []*converse.ToolSpec
	for _, t := range r.ToolConfig.Tools {
		if t.ToolSpec != nil {
			list = append(list, t.ToolSpec)
		}
	}
	return list
}

// toolNames: Claude requires unique names.
func toolNames(r *request) string {
	if !r.model.claude() {
		return ""
	}
	seen := map[string]bool{}
	for _, spec := range r.specs() {
		if seen[spec.Name] {
			return returned("tools: Tool names must be unique.")
		}
		seen[spec.Name] = true
	}
	return ""
}

// toolChoice must name a tool in toolConfig.tools.
func toolChoice(r *request) string {
	if r.ToolConfig == nil || r.ToolConfig.ToolChoice == nil || r.ToolConfig.ToolChoice.Tool == nil {
		return ""
	}
	name := r.ToolConfig.ToolChoice.Tool.Name
	for _, spec := range r.specs() {
		if spec.Name == name {
			return ""
		}
	}
	return fmt.Sprintf("The tool %s at toolConfig.toolChoice.tool.name is not in toolConfig.tools. Add it and try again.", name)
}

// toolSchema: the root of a tool's schema must be an object of type object.
func toolSchema(r *request) string {
	if r.ToolConfig == nil {
		return ""
	}
	for i, t := range r.ToolConfig.Tools {
		if t.ToolSpec == nil {
			continue
		}
		at := fmt.Sprintf("toolConfig.tools.%d.toolSpec.inputSchema.json", i)
		if !isObject(t.ToolSpec.InputSchema.JSON) {
			return notObject(at)
		}
		var root struct {
			Type any `json:"type"`
		}
		if err := json.Unmarshal(t.ToolSpec.InputSchema.JSON, &root); err != nil || root.Type != "object" {
			return fmt.Sprintf("The value at %s.type must be one of the following: object.", at)
		}
	}
	return ""
}

func isObject(document json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimSpace(document), []byte("{"))
}

func notObject(at string) string {
	return fmt.Sprintf("The format of the value at %s is invalid. Provide a json object for the field and try again.", at)
}

// toolDocuments: the input of a call and a json result must be objects.
func toolDocuments(r *request) string {
	for i, m := range r.Messages {
		for j, b := range m.Content {
			at := fmt.Sprintf("messages.%d.content.%d", i, j)
			if b.ToolUse != nil && !isObject(b.ToolUse.Input) {
				return notObject(at + ".toolUse.input")
			}
			if b.ToolResult == nil {
				continue
			}
			for k, c := range b.ToolResult.Content {
				if c.JSON != nil && !isObject(c.JSON) {
					return notObject(fmt.Sprintf("%s.toolResult.content.%d.json", at, k))
				}
			}
		}
	}
	return ""
}

// toolIDs returns the ids of a turn's tool calls and tool results. Server tools have
// both in the assistant's turn.
func toolIDs(m converse.Message) (calls, results []string) {
	for _, b := range m.Content {
		switch {
		case b.ToolUse != nil && m.Role == "assistant":
			calls = append(calls, b.ToolUse.ToolUseID)
		case b.ToolResult != nil:
			results = append(results, b.ToolResult.ToolUseID)
		}
	}
	return calls, results
}

// without returns ids minus others, as multisets.
func without(ids, others []string) []string {
	left := map[string]int{}
	for _, id := range others {
		left[id]++
	}
	var list []string
	for _, id := range ids {
		if left[id] > 0 {
			left[id]--
			continue
		}
		list = append(list, id)
	}
	return list
}

// missingResults: the next user turn must have the results of all calls. Calls in the
// last turn may be open.
func missingResults(r *request) string {
	for i, m := range r.Messages {
		if m.Role != "assistant" || i == len(r.Messages)-1 {
			continue
		}
		calls, own := toolIDs(m)
		_, results := toolIDs(r.Messages[i+1])
		if missing := without(without(calls, own), results); len(missing) > 0 {
			return fmt.Sprintf("Expected toolResult blocks at messages.%d.content for the following Ids: %s", i+1, strings.Join(missing, ", "))
		}
	}
	return ""
}

// surplusResults: a turn may have only results of the preceding turn's calls.
func surplusResults(r *request) string {
	var calls []string
	for i, m := range r.Messages {
		switch m.Role {
		case "assistant":
			calls, _ = toolIDs(m)
		case "user":
			_, results := toolIDs(m)
			if len(without(results, calls)) > 0 {
				return fmt.Sprintf("The number of toolResult blocks at messages.%d.content exceeds the number of toolUse blocks of previous turn.", i)
			}
			calls = nil
		}
	}
	return ""
}

// resultContent: Nemotron requires a block in a tool result.
func resultContent(r *request) string {
	if !r.model.is("nvidia.") {
		return ""
	}
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if b.ToolResult != nil && len(b.ToolResult.Content) == 0 {
				return fmt.Sprintf("The content field in the ToolResultBlock object at messages.%d.content.%d is empty. Add a block and try again.", i, j)
			}
		}
	}
	return ""
}
