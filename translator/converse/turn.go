package converse

import (
	"cmp"
	"slices"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// turn is one message of the Converse request.
type turn struct {
	role   string
	blocks []Block
	at     string // the path of the first message that it is made of
	mixed  bool   // there are blocks other than tool results
}

// systemKinds are the members of Converse's SystemContentBlock.
var systemKinds = []string{"text", "guardContent", "cachePoint"}

// AddSystem adds to the system prompt.
func (r *Request) AddSystem(blocks []Block) error {
	for _, b := range blocks {
		if slices.Contains(contentKinds, b.Kind) && !slices.Contains(systemKinds, b.Kind) && !r.passes() {
			return Refuse(b.At, faultSystemBlock.with(values{kind: b.Kind}))
		}
	}
	r.system = appendPlaced(r.system, blocks...)
	return nil
}

// AddTurn adds a message with the role user, assistant or system. Neighbours with
// the same role become one turn, and a message without content becomes none.
func (r *Request) AddTurn(role string, blocks []Block, at string) error {
	if err := r.checkDone(); err != nil {
		return err
	}
	if role == "system" && !slices.ContainsFunc(blocks, notForSystem) {
		return r.AddSystem(blocks)
	}
	if slices.ContainsFunc(blocks, func(b Block) bool { return b.mark }) {
		blocks = appendPlaced(nil, blocks...)
	}
	n := len(r.turns)
	switch {
	case r.passes():
	case n > 0 && r.turns[n-1].role == role && len(blocks) > 0:
		r.mergeTurns(&r.turns[n-1], blocks, at)
		return nil
	case !slices.ContainsFunc(blocks, func(b Block) bool { return b.Kind != "cachePoint" }):
		return r.repair(at, faultEmptyTurn)
	}
	r.turns = append(r.turns, turn{role, blocks, at, slices.ContainsFunc(blocks, notResult)})
	return nil
}

// notForSystem reports whether a block of a system message, such as toolAddition,
// belongs to the messages rather than the system prompt.
func notForSystem(b Block) bool { return !slices.Contains(systemKinds, b.Kind) }

// mergeTurns also merges in strict mode: some models accept two turns of one role, so
// a refusal would be wrong for them. It does not warn if a client sends one message
// for each tool result.
func (r *Request) mergeTurns(last *turn, blocks []Block, at string) {
	last.mixed = last.mixed || slices.ContainsFunc(blocks, notResult)
	last.blocks = append(last.blocks, blocks...)
	if last.mixed {
		r.warn(at, faultSameRole)
	}
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

// mayBeEmpty reports whether messages can be absent: a Bedrock prompt brings its own.
// The operator may have named one as a model.
func (r *Request) mayBeEmpty() bool { return r.prompt() || r.option("promptVariables") != nil }

// checkRoles refuses blocks in a turn of the wrong role.
func (r *Request) checkRoles() error {
	for _, t := range r.turns {
		for _, b := range t.blocks {
			if t.role == "user" && (b.Kind == "toolUse" || b.Kind == "reasoningContent") {
				return Refuse(b.At, faultUserBlock.with(values{kind: b.Kind}))
			}
		}
	}
	return nil
}

// checkFirstTurn refuses a conversation without a start that the family accepts.
func (r *Request) checkFirstTurn() error {
	switch {
	case len(r.turns) == 0 && r.mayBeEmpty():
		return nil
	case len(r.turns) == 0:
		return Refuse(cmp.Or(r.rules.Conversation, "messages"), faultEmptyRequest)
	case r.turns[0].role != "assistant" || r.family.FirstTurn.Value != "user":
		return nil
	}
	return Refuse(r.turns[0].at, faultFirstTurn.with(values{family: r.family, evidence: r.family.FirstTurn.Evidence}))
}

// unfinished returns an assistant turn at the end, which the model would continue, or
// nil.
func (r *Request) unfinished() *turn {
	if n := len(r.turns); n > 0 && r.turns[n-1].role == "assistant" {
		return &r.turns[n-1]
	}
	return nil
}

// checkLastTurn refuses an unfinished answer that the family does not continue.
func (r *Request) checkLastTurn() error {
	if last := r.unfinished(); last != nil && r.family.LastTurn.Value == "user" {
		return Refuse(last.at, faultLastTurn.with(values{family: r.family, evidence: r.family.LastTurn.Evidence}))
	}
	return nil
}

// trimLastText removes white space at the end of an unfinished answer.
func (r *Request) trimLastText() error {
	last := r.unfinished()
	if last == nil || r.family.LastTurn.Value != "trimmed" {
		return nil
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
	return r.repair(b.At, faultTrailingSpace.with(values{family: r.family, evidence: r.family.LastTurn.Evidence}))
}

// checkBesideResults refuses other blocks in a turn with tool results where the family
// does.
func (r *Request) checkBesideResults() error {
	if !r.family.ToolResultsAlone.Value {
		return nil
	}
	for _, t := range r.turns {
		if t.role != "user" || !slices.ContainsFunc(t.blocks, func(b Block) bool { return b.Kind == "toolResult" }) {
			continue
		}
		for _, b := range t.blocks {
			if b.Kind != "toolResult" && b.Kind != "cachePoint" {
				return Refuse(b.At, faultBesideResults.with(values{family: r.family, evidence: r.family.ToolResultsAlone.Evidence, kind: clip(b.Kind)}))
			}
		}
	}
	return nil
}

// checkDocuments refuses a turn with a document and no text, as Bedrock does for
// every model.
func (r *Request) checkDocuments() error {
	for _, t := range r.turns {
		i := slices.IndexFunc(t.blocks, func(b Block) bool { return b.Kind == "document" })
		if i >= 0 && !slices.ContainsFunc(t.blocks, func(b Block) bool { return b.Kind == "text" && !rawjson.Blank(b.value) }) {
			return Refuse(t.blocks[i].At, faultDocumentAlone)
		}
	}
	return nil
}

// dropEmptySystem drops a system prompt that contains only cache points.
func (r *Request) dropEmptySystem() error {
	if len(r.system) == 0 || slices.ContainsFunc(r.system, func(b Block) bool { return b.Kind != "cachePoint" }) {
		return nil
	}
	at := r.system[0].At
	r.system = nil
	return r.repair(at, faultEmptySystem)
}
