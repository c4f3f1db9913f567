package chat

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// toolResult is one of a message's tool_results.
type toolResult struct {
	ToolUseID string         `json:"tool_use_id"`
	Content   jsontext.Value `json:"content"`
	IsError   *bool          `json:"is_error"`
	Status    string         `json:"status"`
}

// emptyResult stands where a tool had nothing to say: families of models differ
// in what they make of a result without content.
const emptyResult = `[{"text":"(empty)"}]`

// results appends the user turn of a message with tool results.
func (t *translation) results(m *message, at string) error {
	all, where := m.ToolResults, at+".tool_results"
	if m.ToolResults == nil {
		all = []toolResult{*m.ToolResult}
	}
	var blocks []block
	for i := range all {
		place := index(where, i)
		if m.ToolResults == nil {
			place = at + ".tool_result"
		}
		some, err := t.result(&all[i], place)
		if err != nil {
			return err
		}
		blocks = append(blocks, some...)
	}
	extra, err := t.blocks(m.Content, at+".content")
	if err != nil {
		return err
	}
	return t.append("user", append(blocks, extra...), at)
}

// result is the Converse toolResult, and cache points that stood inside it.
func (t *translation) result(r *toolResult, at string) ([]block, error) {
	if r.ToolUseID == "" {
		return nil, wrongType(at+".tool_use_id", "Field required: the id of the tool call that this answers.")
	}
	id, err := t.toolUseID(r.ToolUseID, at+".tool_use_id")
	if err != nil {
		return nil, err
	}
	content, points, err := t.resultContent(r.Content, at+".content")
	if err != nil {
		return nil, err
	}
	t.tools = true
	w := newWriter(len(content) + 128)
	w.member("content", content)
	status, err := t.status(r, at)
	if err != nil {
		return nil, err
	}
	w.optional("status", status)
	w.text("toolUseId", id)
	return append([]block{{kind: "toolResult", raw: object("toolResult", w.end()), at: at, id: id}}, points...), nil
}

// status is left out when the client gave none, and for families that refuse it.
func (t *translation) status(r *toolResult, at string) (string, error) {
	status := r.Status
	switch {
	case status != "":
	case r.IsError == nil:
		return "", nil
	case *r.IsError:
		status = "error"
	default:
		status = "success"
	}
	if t.mends() && t.family.NoToolResultStatus {
		return "", t.repair("tool_result_status_dropped", at, "The status was left out, as "+t.rule()+" ask for.", "Leave is_error and status out.")
	}
	return status, nil
}

// resultContent is text for a string and, as the reference has it, for any other
// JSON but a list of blocks.
func (t *translation) resultContent(v jsontext.Value, at string) (content []byte, points []block, err error) {
	switch kindOf(v) {
	case '[':
		if !blockList(v) {
			return textContent(compact(v)), nil, nil
		}
		return t.resultBlocks(v, at)
	case '"':
		if !blank(v) {
			return list([]jsontext.Value{object("text", v)}), nil, nil
		}
		return []byte(emptyResult), nil, nil
	case 0, 'n':
		return []byte(emptyResult), nil, nil
	default:
		return textContent(compact(v)), nil, nil
	}
}

// textContent is a block with JSON as text.
func textContent(v jsontext.Value) []byte {
	return list([]jsontext.Value{object("text", quote(string(v)))})
}

// blockList tells a list of content blocks from a list that is a tool's answer.
func blockList(v jsontext.Value) bool {
	var values []jsontext.Value
	if json.Unmarshal(v, &values, lenient) != nil {
		return false
	}
	for _, value := range values {
		if kindOf(value) != '{' {
			return false
		}
		switch kind, _, err := onlyMember(value); {
		case err != nil:
			return false
		case kind == "":
			return false
		case !resultKinds[kind]:
			return false
		}
	}
	return true
}

// resultKinds are the kinds of blocks that a tool result may hold, and cachePoint,
// which clients put there and belongs beside it.
var resultKinds = map[string]bool{
	"text": true, "json": true, "image": true, "document": true, "video": true, "searchResult": true, "cachePoint": true,
}

func (t *translation) resultBlocks(v jsontext.Value, at string) (content []byte, points []block, err error) {
	blocks, err := t.blockList(v, at)
	if err != nil {
		return nil, nil, err
	}
	var values []jsontext.Value
	for _, b := range blocks {
		switch {
		case b.kind == "cachePoint" && t.mends():
			if err := t.repair("cache_point_moved", b.at, "The cache point was moved behind the tool result, where Bedrock takes it.", "Put cache points beside tool results, not inside."); err != nil {
				return nil, nil, err
			}
			points = append(points, b)
		case b.kind == "json":
			values = append(values, jsonOrText(b))
		default:
			values = append(values, b.raw)
		}
	}
	if len(values) == 0 {
		return []byte(emptyResult), points, nil
	}
	return list(values), points, nil
}

// jsonOrText keeps objects as JSON and makes text of the rest, since the service
// takes only objects there.
func jsonOrText(b block) jsontext.Value {
	_, value, err := onlyMember(b.raw)
	if err != nil || kindOf(value) == '{' {
		return b.raw
	}
	return object("text", quote(string(value)))
}

// toolResultBlock checks a Converse toolResult block among the content.
func (t *translation) toolResultBlock(b block, value jsontext.Value) ([]block, error) {
	var r struct {
		ID      string         `json:"toolUseId"`
		Content jsontext.Value `json:"content"`
		Type    string         `json:"type"`
	}
	at := b.at + ".toolResult"
	if err := json.Unmarshal(value, &r, lenient); err != nil {
		return nil, wrongType(at, "Input should be an object with toolUseId and content.")
	}
	t.tools = true
	if !t.mends() || r.Type != "" {
		return []block{b}, nil // a type says that it is a server tool's
	}
	id, err := t.toolUseID(r.ID, at+".toolUseId")
	if err != nil {
		return nil, err
	}
	content, points, err := t.resultContent(r.Content, at+".content")
	if err != nil {
		return nil, err
	}
	b.id = id
	b.raw, err = replaced(b, value, map[string]jsontext.Value{"toolUseId": quote(id), "content": content})
	return append([]block{b}, points...), err
}
