package chat

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// message is one entry of the client's messages.
type message struct {
	Role        jsontext.Value `json:"role"`
	Content     jsontext.Value `json:"content"`
	ToolCalls   []toolCall     `json:"tool_calls"`
	ToolResults []toolResult   `json:"tool_results"`
	ToolResult  *toolResult    `json:"tool_result"`
}

// turn is one message of the Converse request.
type turn struct {
	role   string
	blocks []block
	at     string // the first message of the turn
}

// conversation turns the client's system prompt and messages into Converse's.
func (t *translation) conversation(in *request) error {
	var err error
	if t.system, err = t.blocks(in.System, "system"); err != nil {
		return err
	}
	for i := range in.Messages {
		if err := t.message(in.Messages[i], index("messages", i)); err != nil {
			return err
		}
	}
	if !t.mends() {
		return nil
	}
	for _, check := range []func() error{t.pairTools, t.firstTurn, t.lastTurn, t.besideResults, t.documentsWithText} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// message appends what one message says.
func (t *translation) message(m *message, at string) error {
	if m == nil {
		return wrongType(at, "Input cannot be a JSON null.")
	}
	role, err := m.role(at)
	if err != nil {
		return err
	}
	if m.ToolResults != nil || m.ToolResult != nil {
		return t.results(m, at)
	}
	blocks, err := t.blocks(m.Content, at+".content")
	if err != nil {
		return err
	}
	switch role {
	case "system":
		if slices.ContainsFunc(blocks, changesTools) {
			return t.append(role, blocks, at) // it holds from this place on
		}
		t.system = append(t.system, blocks...)
		return nil
	case "user":
	case "assistant":
		uses, err := t.toolCalls(m.ToolCalls, at)
		if err != nil {
			return err
		}
		blocks = append(blocks, uses...)
	default:
		return wrongType(at+".role", "Input should be user, assistant or system.")
	}
	return t.append(role, blocks, at)
}

// changesTools says that a block adds or removes a tool in the middle of the
// conversation, which Converse takes in a message of the role system.
func changesTools(b block) bool { return b.kind == "toolAddition" || b.kind == "toolRemoval" }

// role is "user" unless the message says otherwise. A message that says nothing at
// all is a mistake.
func (m *message) role(at string) (string, error) {
	switch kindOf(m.Role) {
	case '"':
		return unquote(m.Role), nil
	case 0:
		if m.Content == nil && m.ToolResults == nil && m.ToolResult == nil {
			return "", wrongType(at, "Field required: role or content.")
		}
		return "user", nil
	default:
		return "", wrongType(at+".role", "Input should be a string.")
	}
}

// append merges neighbours of one role: clients send one message per parallel
// result, and the service wants them in one turn. An empty turn is none.
func (t *translation) append(role string, blocks []block, at string) error {
	n := len(t.turns)
	switch {
	case !t.mends():
		t.turns = append(t.turns, turn{role, blocks, at})
	case len(blocks) == 0:
		return t.repair("empty_turn_dropped", at, "A message without content was left out.", "Leave messages without content out.")
	case n > 0 && t.turns[n-1].role == role:
		t.turns[n-1].blocks = append(t.turns[n-1].blocks, blocks...)
	default:
		t.turns = append(t.turns, turn{role, blocks, at})
	}
	return nil
}

// writeTurns appends the messages.
func (t *translation) writeTurns(w *writer) {
	w.name("messages")
	w.buf = append(w.buf, '[')
	for i, turn := range t.turns {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, `{"content":[`...)
		for j := range turn.blocks {
			if j > 0 {
				w.buf = append(w.buf, ',')
			}
			w.buf = append(w.buf, turn.blocks[j].raw...)
		}
		w.buf = append(w.buf, `],"role":`...)
		w.buf = appendQuote(w.buf, turn.role)
		w.buf = append(w.buf, '}')
	}
	w.buf = append(w.buf, ']')
}

// size is about how many bytes the conversation takes.
func (t *translation) size() int {
	n := 0
	for _, turn := range t.turns {
		for i := range turn.blocks {
			n += len(turn.blocks[i].raw) + 32
		}
	}
	for i := range t.system {
		n += len(t.system[i].raw)
	}
	return n
}

func listBlocksJSON(blocks []block) []byte {
	values := make([]jsontext.Value, len(blocks))
	for i := range blocks {
		values[i] = blocks[i].raw
	}
	return list(values)
}
