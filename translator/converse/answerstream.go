package converse

import (
	"errors"
	"slices"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// A StepKind is the kind of a Step.
type StepKind int

// The steps of a stream. A stream starts with StepStart and ends with StepStop and
// StepEnd, each once. A stream that fails lacks the last two.
const (
	// StepStart begins the answer.
	StepStart StepKind = iota + 1
	// StepText is a piece of text: Value is a JSON string.
	StepText
	// StepReasoning is a piece of reasoning: Name is "text", "signature",
	// "redactedContent" or a newer name; Value is the piece.
	StepReasoning
	// StepCitation is a citation of the block's text: Value is an object.
	StepCitation
	// StepToolStart opens a call of one of the client's tools: Call has ID and Name.
	StepToolStart
	// StepToolInput is a piece of the call's input: Value is a JSON string, never empty.
	StepToolInput
	// StepPiece is a piece of a block of any other kind: Name is the kind.
	StepPiece
	// StepBlock ends a block: Block is complete.
	StepBlock
	// StepUnknown is an event of an unknown kind: Name is the kind, and Value its object
	// without padding.
	StepUnknown
	// StepStop says that StopReason and AdditionalFields of the Answer are final.
	StepStop
	// StepEnd says that the whole Answer is final.
	StepEnd
)

// A Step is one thing that a stream has shown. Value is valid until the next event is
// read; Call and Block stay valid.
type Step struct {
	Kind StepKind
	// Index is the block's position in the turn, from 0, without gaps.
	Index int
	Name  string
	Value rawjson.Value
	Call  *ToolCall
	Block *AnswerBlock
}

// Read reads one event and returns its steps, which are valid until the next call. An
// error is a *translator.Error; steps returned with it still count. Events after
// StepEnd have no steps and no error.
//
// No order of events loses content. StepStop comes when there can be no more content:
// after messageStop and metadata, or at End. A block ends at its stop event, at a
// piece of another kind with its index, or at messageStop; the same index then means
// a new block. The first of several messageStop events counts.
func (a *Answer) Read(kind string, payload []byte) ([]Step, error) {
	a.steps = a.steps[:0]
	if a.ended || kind == "contentBlockDelta" && a.plainText(payload) {
		return a.steps, nil
	}
	payload = rawjson.ValidUTF8(payload)
	if !strings.HasPrefix(kind, "contentBlock") {
		payload = rawjson.WithoutHalves(payload) // pieces of blocks may have the other half
	}
	members, err := a.events.Read(payload)
	if err != nil {
		return nil, unreadable(err)
	}
	if !a.started {
		a.started = true
		a.steps = append(a.steps, Step{Kind: StepStart})
	}
	switch kind {
	case "contentBlockDelta", "contentBlockStart", "contentBlockStop":
		err = a.blockEvent(kind, members)
	case "messageStop":
		err = a.stopAll()
		a.stopped = true
		err = errors.Join(err, a.take(members))
	case "metadata":
		a.counted = true
		err = a.take(members)
	case "messageStart":
		err = a.take(members)
	case "initial-response": // the protocol's own
	default:
		a.unknown(kind, members)
	}
	if err != nil {
		return a.steps, unreadable(err)
	}
	if a.stopped && a.counted {
		if err := a.stopAll(); err != nil {
			return a.steps, unreadable(err)
		}
		a.finish()
	}
	return a.steps, nil
}

// End returns the steps that are still missing when Bedrock's stream has ended.
func (a *Answer) End() []Step {
	a.steps = a.steps[:0]
	if !a.ended {
		_ = a.stopAll() // a block that cannot be completed is missing; all others count
		a.finish()
	}
	return a.steps
}

func (a *Answer) finish() {
	a.ended = true
	a.steps = append(a.steps, Step{Kind: StepStop}, Step{Kind: StepEnd})
}

// take records the members of an event about the message. The first stop reason
// counts.
func (a *Answer) take(members rawjson.Object) error {
	for _, m := range members {
		if m.Name == "role" || m.Name == "stopReason" && a.StopReason != nil {
			continue
		}
		if err := a.member(m.Name, m.Value); err != nil {
			return err
		}
	}
	return nil
}

func (a *Answer) unknown(kind string, members rawjson.Object) {
	members = slices.DeleteFunc(slices.Clone(members), func(m rawjson.Member) bool { return m.Name == "p" })
	a.steps = append(a.steps, Step{Kind: StepUnknown, Name: kind, Value: members.Value()})
}

// blockEvent reads an event of a block.
func (a *Answer) blockEvent(kind string, members rawjson.Object) error {
	index, err := blockIndex(members.Get("contentBlockIndex"))
	if err != nil {
		return err
	}
	switch kind {
	case "contentBlockStop":
		return a.stop(index)
	case "contentBlockStart":
		if err := a.stop(index); err != nil {
			return err
		}
		for _, m := range rawjson.Members(members.Get("start")) {
			if err := a.startBlock(index, m); err != nil {
				return err
			}
		}
	default:
		for _, m := range a.deltas.Part(members.Get("delta")) {
			if err := a.addPiece(index, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Answer) startBlock(index int, m rawjson.Member) error {
	if rawjson.Absent(m.Value) {
		return nil
	}
	if err := a.stop(index); err != nil {
		return err
	}
	return a.start(index, m.Name, m.Value)
}

// addPiece adds a piece to the open block, or to a new one if the piece is of another
// kind.
func (a *Answer) addPiece(index int, m rawjson.Member) error {
	if rawjson.Absent(m.Value) {
		return nil
	}
	b := a.open[index]
	if b == nil || !b.takes(m.Name) {
		if err := a.stop(index); err != nil {
			return err
		}
		var err error
		if b, err = a.newBlock(index, m.Name); err != nil {
			return err
		}
	}
	return a.delta(b, m.Name, m.Value)
}

func (a *Answer) newBlock(index int, kind string) (*openBlock, error) {
	b := &openBlock{kind: kind, position: a.opened}
	if kind == "citation" {
		b.kind = "citationsContent"
	}
	a.opened++
	a.open[index] = b
	return b, a.holdBlock(b, len(kind)+blockOverhead)
}

// stopAll ends the blocks that Bedrock has not ended.
func (a *Answer) stopAll() error {
	indexes := make([]int, 0, len(a.open))
	for i := range a.open {
		indexes = append(indexes, i)
	}
	slices.SortFunc(indexes, func(i, j int) int { return a.open[i].position - a.open[j].position })
	var err error
	for _, i := range indexes {
		err = errors.Join(err, a.stop(i))
	}
	return err
}

// unreadable is the error of an event that err was found in.
func unreadable(err error) error {
	if e, ok := errors.AsType[*translator.Error](err); ok {
		return e
	}
	return translator.ErrBadAnswer(translator.AnswerEvent, err)
}
