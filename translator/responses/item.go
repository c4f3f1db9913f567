package responses

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// turn collects the items of one role: the API has an item for each message, call, result
// and thought, and Converse one message for those that follow each other.
type turn struct {
	role   string // "" before the first item
	blocks []converse.Block
	at     string // the first item
}

// instructions are the first part of the system prompt.
func (in *input) instructions() error {
	f := in.Field("instructions")
	if rawjson.Absent(f.Value) {
		return nil
	}
	blocks, err := in.out.Content(f, in.part)
	if err != nil {
		return err
	}
	return in.out.AddTurn("system", blocks, f.At)
}

// items reads the conversation: text, or a list.
func (in *input) items() error {
	f := in.Field("input")
	switch rawjson.Kind(f.Value) {
	case '"':
		blocks, err := in.out.Content(f, nil)
		if err != nil {
			return err
		}
		return in.out.AddTurn("user", blocks, f.At)
	case '[':
		if err := in.Each("input", in.item); err != nil {
			return err
		}
		return in.endTurn()
	default:
		return converse.Refuse(f.At, converse.FaultNoInput)
	}
}

// add adds the blocks of an item to the last turn, or begins one.
func (in *input) add(role string, blocks []converse.Block, at string) error {
	in.talked = true
	if in.turn.role != role {
		if err := in.endTurn(); err != nil {
			return err
		}
		in.turn = turn{role: role, at: at}
	}
	in.turn.blocks = append(in.turn.blocks, blocks...)
	return nil
}

func (in *input) endTurn() error {
	t := in.turn
	in.turn = turn{}
	if t.role == "" {
		return nil
	}
	blocks, err := in.out.TextBesideDocuments(t.blocks)
	if err != nil {
		return err
	}
	return in.out.AddTurn(t.role, blocks, t.at)
}

// hosted are the items of tools that OpenAI runs.
var hosted = []string{
	"web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "computer_call", "computer_call_output",
	"mcp_list_tools", "mcp_call", "mcp_approval_request", "mcp_approval_response", "tool_search_call", "tool_search_output",
	"program", "program_output",
}

// item reads an item by its type. A message needs none.
func (in *input) item(i converse.Object) error {
	kind := i.Field("type")
	switch name := rawjson.Text(kind.Value); {
	case name == "message" || rawjson.Absent(kind.Value) && !rawjson.Absent(i.Get("role")):
		return in.message(i)
	case name == "reasoning":
		return in.reasoning(i)
	case name == "function_call" || name == "custom_tool_call":
		return in.toolCall(i, name)
	case name == "function_call_output" || name == "custom_tool_call_output":
		return in.toolResult(i)
	case name == "additional_tools":
		in.out.WarnUnknown(i, "type", "id", "role", "tools")
		in.added = append(in.added, i)
		return nil
	case shellCalls[name].name != "":
		return in.shellCall(i, shellCalls[name])
	case slices.Contains(shellResults, name):
		return in.shellResult(i)
	case name == "item_reference" || rawjson.Absent(kind.Value) && !rawjson.Absent(i.Get("id")):
		return converse.Refuse(i.At, converse.FaultStored)
	case name == "compaction":
		return converse.Refuse(i.At, converse.FaultCompaction)
	case slices.Contains(hosted, name):
		in.out.Warn(i.At, converse.FaultServerBlock)
		return nil
	}
	return converse.Refuse(kind.At, converse.FaultItem)
}

// message reads a message of any role.
func (in *input) message(m converse.Object) error {
	in.out.WarnUnknown(m, "type", "role", "content", "id", "status", "phase", "cache_control")
	role := rawjson.Text(m.Get("role"))
	blocks, err := in.out.Content(m.Field("content"), in.part)
	if err != nil {
		return err
	}
	if blocks, err = in.marked(blocks, m); err != nil {
		return err
	}
	switch role {
	case "system", "developer":
		if in.talked {
			in.out.Warn(m.At, converse.FaultSystemMoved)
		}
		return in.out.AddTurn("system", blocks, m.At)
	case "user", "assistant":
		return in.add(role, blocks, m.At)
	}
	return converse.Refuse(m.Field("role").At, converse.FaultItemRole)
}
