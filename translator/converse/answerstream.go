package converse

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// A StepKind says what a Step tells.
type StepKind int

// The steps of a stream. Every stream starts with StepStart and ends with StepStop and
// StepEnd, each once; a stream that fails has neither of the last two.
const (
	// StepStart begins the answer.
	StepStart StepKind = iota + 1
	// StepText is a piece of text: Value is a JSON string.
	StepText
	// StepReasoning is a piece of reasoning: Name is "text", "signature",
	// "redactedContent" or a name to come, and Value its value.
	StepReasoning
	// StepCitation is a citation of the block's text: Value is an object.
	StepCitation
	// StepToolStart opens a call of one of the client's tools: Call has ID and Name.
	StepToolStart
	// StepToolInput is a piece of its input: Value is a JSON string, never empty.
	StepToolInput
	// StepPiece is a piece of a block of any other kind: Name is the kind.
	StepPiece
	// StepBlock ends a block: Block is complete.
	StepBlock
	// StepUnknown is an event of a kind that is not known here: Name is the kind, and
	// Value its object without padding.
	StepUnknown
	// StepStop: StopReason and AdditionalFields of the Answer are complete.
	StepStop
	// StepEnd: so is everything else of it.
	StepEnd
)

// A Step is one thing that a stream has told. What it points to is valid until the
// next event is read, except Call and Block, which stay.
type Step struct {
	Kind StepKind
	// Index is the place of the block in the turn, from 0 and without gaps.
	Index int
	Name  string
	Value rawjson.Value
	Call  *ToolCall
	Block *AnswerBlock
}

// Read reads one event and lists what it tells. The list is valid until the next
// call. An error is a *translator.Error; steps beside it still count.
//
// Whatever the order of events, nothing is lost, and StepStop comes when there can be
// no more content: with metadata, or at End. A block ends when its event says so,
// when a piece of another kind comes under its index, or when the message stops; the
// same index then means a new block. What comes twice counts once.
func (a *Answer) Read(kind string, payload []byte) ([]Step, error) {
	a.steps = a.steps[:0]
	if kind == "contentBlockDelta" && a.plainText(payload) {
		return a.steps, nil
	}
	if !strings.HasPrefix(kind, "contentBlock") {
		payload = rawjson.WithoutHalves(payload) // pieces of blocks may have the other half
	}
	members, err := a.events.Read(payload)
	switch {
	case err != nil:
		return nil, unreadable(err)
	case a.ended:
		return nil, nil
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
	if err == nil && a.stopped && a.counted {
		err = a.finish()
	}
	if err != nil {
		return a.steps, unreadable(err)
	}
	return a.steps, nil
}

// End lists what is owed when Bedrock has nothing more to say.
func (a *Answer) End() []Step {
	a.steps = a.steps[:0]
	_ = a.finish() // a block that cannot be completed is missing; all others count
	return a.steps
}

// finish ends the answer, unless it has ended.
func (a *Answer) finish() error {
	if a.ended {
		return nil
	}
	err := a.stopAll()
	a.ended = true
	a.steps = append(a.steps, Step{Kind: StepStop}, Step{Kind: StepEnd})
	return err
}

// take reads the members of an event about the message. The first reason counts.
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

// blockEvent finds the block that an event belongs to.
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

// addPiece adds a piece to the block that is open, or to a new one where it is of
// another kind.
func (a *Answer) addPiece(index int, m rawjson.Member) error {
	if rawjson.Absent(m.Value) {
		return nil
	}
	b := a.open[index]
	if b == nil || !b.takes(m.Name) {
		if err := a.stop(index); err != nil {
			return err
		}
		b = a.newBlock(index, m.Name)
	}
	return a.delta(b, m.Name, m.Value)
}

func (a *Answer) newBlock(index int, kind string) *openBlock {
	b := &openBlock{kind: kind, position: a.opened}
	if kind == "citation" {
		b.kind = "citationsContent"
	}
	a.opened++
	a.open[index] = b
	return b
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

// badAnswer is the error of an answer that is not one of Converse.
func badAnswer(message string, cause error) error {
	return &translator.Error{Status: http.StatusBadGateway, Kind: translator.KindBadAnswer, Message: message, Cause: cause}
}

func unreadable(err error) error { return badAnswer("Bedrock sent an event that cannot be read.", err) }
