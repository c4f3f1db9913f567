package converse

import (
	"slices"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// turn is one message of the Converse request.
type turn struct {
	role   string
	blocks []Block
	at     string // the first of the client's messages that it is made of
}

// systemKinds are the members of Converse's SystemContentBlock.
var systemKinds = []string{"text", "guardContent", "cachePoint"}

// AddSystem adds to the system prompt.
func (r *Request) AddSystem(blocks []Block) error {
	for _, b := range blocks {
		if slices.Contains(contentKinds, b.Kind) && !slices.Contains(systemKinds, b.Kind) && !r.passes() {
			return Invalid(b.At, "A system prompt cannot hold "+b.Kind+" blocks.", "Use text, guardContent and cachePoint there.")
		}
	}
	r.system = append(r.system, blocks...)
	return nil
}

// AddTurn adds a message of the user, the assistant or the system. Neighbours of
// one role become one turn, and an empty message is none.
func (r *Request) AddTurn(role string, blocks []Block, at string) error {
	if role == "system" && !slices.ContainsFunc(blocks, notForSystem) {
		return r.AddSystem(blocks)
	}
	n := len(r.turns)
	switch {
	case r.passes():
	case n > 0 && r.turns[n-1].role == role && len(blocks) > 0:
		return r.mergeTurns(&r.turns[n-1], blocks, at)
	case !slices.ContainsFunc(blocks, func(b Block) bool { return b.Kind != "cachePoint" }):
		return r.repair(at, fault{
			"empty_turn_dropped", "This message has no content.", "A message without content was left out.", "Leave it out.",
		})
	}
	r.turns = append(r.turns, turn{role, blocks, at})
	return nil
}

// notForSystem says that a block of a system message can only stand among the
// messages, such as toolAddition.
func notForSystem(b Block) bool { return !slices.Contains(systemKinds, b.Kind) }

// mergeTurns needs no word where clients send one message for each result.
func (r *Request) mergeTurns(last *turn, blocks []Block, at string) error {
	apart := slices.ContainsFunc(last.blocks, notResult) || slices.ContainsFunc(blocks, notResult)
	last.blocks = append(last.blocks, blocks...)
	if !apart {
		return nil
	}
	return r.repair(at, fault{
		"turns_merged", "This message has the same role as the one before.", "The message was merged with the one before, which has the same role.",
		"Send one message in place of two.",
	})
}

func notResult(b Block) bool { return b.Kind != "toolResult" }

func (r *Request) appendTurns(dst []byte) []byte {
	if len(r.turns) == 0 && r.mayBeEmpty() {
		return dst
	}
	dst = append(rawjson.AppendName(dst, "messages"), '[')
	for i := range r.turns {
		dst = append(rawjson.AppendSeparator(dst), '{')
		if len(r.turns[i].blocks) == 0 {
			dst = append(rawjson.AppendName(dst, "content"), "[]"...)
		}
		dst = appendBlocks(dst, "content", r.turns[i].blocks)
		dst = append(rawjson.AppendText(rawjson.AppendName(dst, "role"), r.turns[i].role), '}')
	}
	return append(dst, ']')
}

// mayBeEmpty: a prompt of Bedrock's brings messages. Behind a name of the
// operator's there may be one.
func (r *Request) mayBeEmpty() bool { return r.prompt() || r.member("promptVariables") != nil }

// roles refuses blocks in a turn of the wrong role.
func (r *Request) roles() error {
	for _, t := range r.turns {
		for _, b := range t.blocks {
			if t.role == "user" && (b.Kind == "toolUse" || b.Kind == "reasoningContent") {
				return Invalid(b.At, "A user message cannot hold "+b.Kind+" blocks.", "Only the assistant's messages hold them.")
			}
		}
	}
	return nil
}

// firstTurn refuses a conversation that the family would not take.
func (r *Request) firstTurn() error {
	switch {
	case len(r.turns) == 0 && r.mayBeEmpty():
		return nil
	case len(r.turns) == 0:
		return Invalid("messages", "There is no message to send.", "Send at least one message of the user with content.")
	case r.turns[0].role != "assistant" || r.family.FirstTurn != "user":
		return nil
	}
	return Invalid(r.turns[0].at, "With "+r.family.Rule()+", a conversation starts with a user message.",
		"Put a user message first, or send a greeting as part of the system prompt.")
}

// lastTurn is about an assistant's turn at the end, from which the model is to go
// on.
func (r *Request) lastTurn() error {
	n := len(r.turns)
	if n == 0 || r.turns[n-1].role != "assistant" || r.family.LastTurn == "" {
		return nil
	}
	last := &r.turns[n-1]
	if r.family.LastTurn == "user" {
		return Invalid(last.at, "With "+r.family.Rule()+", a conversation ends with a user message.",
			"Leave out the started answer: these models do not go on from one.")
	}
	b := &last.blocks[len(last.blocks)-1]
	if b.Kind != "text" {
		return nil
	}
	text := rawjson.Text(b.value)
	trimmed := strings.TrimRight(text, " \t\r\n")
	if trimmed == text {
		return nil
	}
	b.value = rawjson.Quote(trimmed)
	return r.repair(b.At, fault{
		"trailing_space_trimmed", "With " + r.family.Rule() + ", the last text of the assistant cannot end with white space.",
		"White space at the end of the last text was left out.", "Leave out the white space at the end.",
	})
}

// besideResults refuses what the family does not take in a turn with tool results.
func (r *Request) besideResults() error {
	for _, t := range r.turns {
		if t.role != "user" || !slices.ContainsFunc(t.blocks, func(b Block) bool { return b.Kind == "toolResult" }) {
			continue
		}
		for _, b := range t.blocks {
			if b.Kind == "toolResult" || b.Kind == "cachePoint" {
				continue
			}
			if r.family.ToolResultsAlone || slices.Contains(r.family.NotBesideToolResults, b.Kind) {
				return Invalid(b.At, "With "+r.family.Rule()+", "+b.Kind+" blocks cannot share a turn with tool results.",
					"Send it in a later user message, after the assistant's answer to the results.")
			}
		}
	}
	return nil
}

// documentsWithText refuses a turn with a document and no text, as the service
// does for every model.
func (r *Request) documentsWithText() error {
	for _, t := range r.turns {
		i := slices.IndexFunc(t.blocks, func(b Block) bool { return b.Kind == "document" })
		if i >= 0 && !slices.ContainsFunc(t.blocks, func(b Block) bool { return b.Kind == "text" }) {
			return Invalid(t.blocks[i].At, "A message with a document needs text beside it.",
				"Add a text block that says what to do with the document.")
		}
	}
	return nil
}

// systemLeft leaves the system prompt out when nothing is left of it but cache
// points.
func (r *Request) systemLeft() error {
	if len(r.system) == 0 || slices.ContainsFunc(r.system, func(b Block) bool { return b.Kind != "cachePoint" }) {
		return nil
	}
	at := r.system[0].At
	r.system = nil
	return r.repair(at, fault{
		"empty_system_dropped", "The system prompt has a cache point and no content.", "A system prompt without content was left out.", "Leave it out.",
	})
}
