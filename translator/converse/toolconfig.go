package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// choice is how the model is to choose among the tools.
type choice struct {
	kind  string // auto, any, tool; "" leaves it to Bedrock
	name  label  // of the tool
	value rawjson.Value
	none  bool
	at    string
}

// Choose sets the choice to one of Converse's own kinds without a name: auto, any.
func (r *Request) Choose(kind, at string) { r.choice = choice{kind: kind, at: at} }

// ChooseNone says that no tool may be called. Converse has no such choice: no
// tools are sent, and the answer shows no call.
func (r *Request) ChooseNone() { r.choice = choice{none: true} }

// ChooseTool sets the choice to one tool.
func (r *Request) ChooseTool(name Field) error {
	text, err := requiredLabel(name)
	r.choice = choice{kind: "tool", name: text, at: name.At}
	return err
}

// ChooseValue sets a choice in Converse's own form.
func (r *Request) ChooseValue(f Field) error {
	only, ok := rawjson.Members(f.Value).Only()
	switch {
	case !ok:
		return Invalid(f.At, "A tool choice has exactly one member.", `Use {"auto": {}}, {"any": {}} or {"tool": {"name": …}}.`)
	case only.Name == "tool" && rawjson.Kind(only.Value) == '{':
		return r.ChooseTool(Field{rawjson.Members(only.Value).Get("name"), f.At + ".tool.name"})
	}
	r.choice = choice{kind: only.Name, value: only.Value, at: f.At}
	return nil
}

// ToolsWithheld reports whether no tool call may reach the client.
func (r *Request) ToolsWithheld() bool { return r.choice.none }

// toolSet refuses two tools of one name.
func (r *Request) toolSet() error {
	seen := map[string]bool{}
	for _, b := range r.tools {
		if b.tool == nil {
			continue
		}
		if seen[b.tool.name.text] {
			return Invalid(b.tool.name.at, "Another tool has the same name.", "Give every tool a name of its own.")
		}
		seen[b.tool.name.text] = true
	}
	return nil
}

// chosenTool refuses a choice that the tools or the family do not allow. Without
// tools there is none.
func (r *Request) chosenTool() error {
	if len(r.tools) == 0 || r.choice.kind == "" {
		return nil
	}
	if r.choice.kind != "auto" && r.thinks && r.thinkingForbids("forced_tool") {
		return Invalid(r.choice.at, "With "+r.family.Rule()+", no tool can be forced while the model thinks.", "Use auto, or switch thinking off.")
	}
	if r.choice.kind != "tool" {
		return nil
	}
	unknown := false // a tool of a kind that is not known may have any name
	for _, b := range r.tools {
		if b.tool != nil && b.tool.name.text == r.choice.name.text {
			return nil
		}
		unknown = unknown || b.tool == nil && b.Kind != "cachePoint"
	}
	if unknown {
		return nil
	}
	return Invalid(r.choice.at, "There is no tool of this name.", "Name one of the tools, or send this one among them.")
}

// withholdTools sends no tools where none can be called.
func (r *Request) withholdTools() {
	if r.choice.none {
		r.withheld, r.tools = len(r.tools) > 0, nil
	}
}

// declareTools declares the tools that the conversation has used when none are
// sent, since the service wants every conversation with tool blocks to have some.
func (r *Request) declareTools() error {
	if len(r.tools) > 0 {
		return nil
	}
	r.choice.kind = "" // a choice means nothing without the client's tools
	used := r.usedTools()
	if len(used) == 0 {
		return nil
	}
	for _, name := range used {
		r.tools = append(r.tools, Block{Kind: "toolSpec", At: name.at, tool: &toolPart{name: name}, members: rawjson.Object{
			{Name: "description", Value: rawjson.Quote("Used earlier in this conversation, and not available now. Do not call it.")},
			{Name: "inputSchema", Value: rawjson.Wrap("json", anyObject)},
			{Name: "name", Value: rawjson.Quote(name.text)},
		}})
	}
	if r.withheld {
		r.Warn("tools_declared", "tools", "No tool can be called, but the conversation has tool calls, so their tools were declared as not available.")
		return nil
	}
	return r.repair("tools", fault{
		"tools_declared", "The conversation has tool calls, but there are no tools.",
		"The conversation has tool calls, so their tools were declared as not available.", "Send the tools that the conversation uses.",
	})
}

// noTools leaves cache points out that have no tools before them.
func (r *Request) noTools() error {
	if len(r.tools) == 0 || slices.ContainsFunc(r.tools, func(b Block) bool { return b.Kind != "cachePoint" }) {
		return nil
	}
	at := r.tools[0].At
	r.tools = nil
	return r.repair(at, fault{
		"empty_tools_dropped", "Among the tools there are cache points and no tools.", "Tools without a tool were left out.", "Leave them out.",
	})
}

// usedTools are the names of the tools of all calls, in order, each once.
func (r *Request) usedTools() []label {
	var names []label
	seen := map[string]bool{}
	for _, t := range r.turns {
		for _, b := range t.blocks {
			if b.Kind == "toolUse" && !seen[b.tool.name.text] {
				seen[b.tool.name.text] = true
				names = append(names, b.tool.name)
			}
		}
	}
	return names
}

func (r *Request) appendToolConfig(dst []byte) []byte {
	if len(r.tools) == 0 {
		return dst
	}
	dst = append(rawjson.AppendName(dst, "toolConfig"), '{')
	if c := r.choice; c.kind != "" {
		dst = append(rawjson.AppendName(dst, "toolChoice"), '{')
		dst = append(rawjson.AppendMember(dst, c.kind, r.choiceValue()), '}')
	}
	dst = appendBlocks(dst, "tools", r.tools)
	return append(dst, '}')
}

func (r *Request) choiceValue() rawjson.Value {
	switch {
	case r.choice.kind == "tool":
		name := r.choice.name.text
		if r.names != nil {
			name = r.names.name(name)
		}
		return rawjson.Wrap("name", rawjson.Quote(name))
	case r.choice.value != nil:
		return r.choice.value
	}
	return rawjson.Value("{}")
}
