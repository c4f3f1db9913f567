package converse

import (
	"slices"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// choice is the tool choice.
type choice struct {
	kind  string // auto, any, tool; "" leaves it to Bedrock
	name  label  // of the tool
	value rawjson.Value
	none  bool
	at    string
}

// Choose sets the choice to auto or any.
func (r *Request) Choose(kind, at string) { r.choice = choice{kind: kind, at: at} }

// ChooseNone forbids tool calls. Converse has no such choice, so no tools are sent
// and calls in the answer must be withheld.
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
		return Refuse(f.At, faultChoiceMembers)
	case only.Name == "tool" && rawjson.Kind(only.Value) == '{':
		return r.ChooseTool(Field{rawjson.Members(only.Value).Get("name"), f.At + ".tool.name"})
	}
	r.choice = choice{kind: only.Name, value: only.Value, at: f.At}
	return nil
}

// ToolsWithheld reports whether tool calls must not reach the client.
func (r *Request) ToolsWithheld() bool { return r.choice.none }

// Withheld is the fault of tool calls that must not reach the client, nil if all may.
// tools is the number of tools that the client sent.
func (r *Request) Withheld(tools int) *Fault {
	switch {
	case r.ToolsWithheld():
		return &FaultToolCallWithheld
	case tools == 0:
		return &FaultToolCallUnavailable
	}
	return nil
}

// Withhold adds the warning that a tool call was left out, once. why is Withheld's.
func Withhold(warnings []translator.Warning, why *Fault) []translator.Warning {
	warning := why.Warning("tool_choice")
	if slices.Contains(warnings, warning) {
		return warnings
	}
	return append(warnings, warning)
}

// checkToolNames refuses two tools with the same name.
func (r *Request) checkToolNames() error {
	seen := map[string]bool{}
	for _, b := range r.tools {
		if b.tool == nil {
			continue
		}
		if seen[b.tool.name.text] {
			return Refuse(b.tool.name.at, faultSameTool)
		}
		seen[b.tool.name.text] = true
	}
	return nil
}

// checkChoice refuses a choice that the tools or the family do not allow.
func (r *Request) checkChoice() error {
	if len(r.tools) == 0 || r.choice.kind == "" {
		return nil
	}
	if r.choice.kind != "auto" && r.thinks && r.thinkingForbids("forced_tool") {
		return Refuse(r.choice.at, faultChoiceForced.with(values{family: r.family, evidence: r.family.ThinkingForbids.Evidence}))
	}
	if r.choice.kind != "tool" {
		return nil
	}
	unknown := false // a tool of an unknown kind may have any name
	for _, b := range r.tools {
		if b.tool != nil && b.tool.name.text == r.choice.name.text {
			return nil
		}
		unknown = unknown || b.tool == nil && b.Kind != "cachePoint"
	}
	if unknown {
		return nil
	}
	return Refuse(r.choice.at, faultChoiceUnknown)
}

// withholdTools drops the tools when none may be called.
func (r *Request) withholdTools() {
	if r.choice.none {
		r.withheld, r.tools = len(r.tools) > 0, nil
	}
}

// declareTools declares the tools that the conversation has used when there are
// none, since Bedrock requires tools in a conversation with tool calls.
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
		r.warn("tools", faultToolsUndeclared)
		return nil
	}
	return r.repair("tools", faultToolsUndeclared)
}

// dropEmptyTools drops a list of tools that contains only cache points.
func (r *Request) dropEmptyTools() error {
	if len(r.tools) == 0 || slices.ContainsFunc(r.tools, func(b Block) bool { return b.Kind != "cachePoint" }) {
		return nil
	}
	at := r.tools[0].At
	r.tools = nil
	return r.repair(at, faultNoTool)
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
