package converse

import (
	"errors"

	"bedrock-extproc/translator/rawjson"
)

// errNotText is the error of a value that should be a JSON string.
var errNotText = errors.New("not a JSON string")

// openBlock is a block of a stream whose pieces are still coming.
type openBlock struct {
	kind     string
	position int // in the turn
	// call is a call of a client's tool; nil for other blocks.
	call *ToolCall
	// text is the text, input or reasoning so far, with its JSON escapes.
	text []byte
	// half is half a surrogate pair that waits for the other half.
	half []byte
	// some says that a piece of text has come, even an empty one.
	some      bool
	signature pieces
	citations pieces
	// value has all other pieces.
	value pieces
	held  int // bytes of pieces so far
}

// takes reports whether a piece of that name continues the block.
func (b *openBlock) takes(name string) bool {
	switch name {
	case "text", "citation":
		return b.kind == "text" || b.kind == "citationsContent"
	default:
		return b.kind == name
	}
}

// start opens a block that begins with a value of its own.
func (a *Answer) start(index int, kind string, value rawjson.Value) error {
	b, err := a.newBlock(index, kind)
	if err != nil {
		return err
	}
	if kind == "text" || kind == "citation" || kind == "reasoningContent" {
		return a.delta(b, kind, value)
	}
	if err := a.add(b, &b.value, value); err != nil {
		return err
	}
	if kind != "toolUse" {
		a.steps = append(a.steps, Step{Kind: StepPiece, Index: b.position, Name: kind, Value: value})
		return nil
	}
	toolUse := rawjson.Members(b.value[0])
	if call := a.toolCall(toolUse); call.forClient(toolUse) {
		b.call = call
		a.steps = append(a.steps, Step{Kind: StepToolStart, Index: b.position, Call: call})
	}
	return nil
}

// delta adds a piece to a block.
func (a *Answer) delta(b *openBlock, name string, value rawjson.Value) error {
	switch name {
	case "text":
		return a.text(b, Step{Kind: StepText, Index: b.position, Value: value})
	case "toolUse":
		return a.toolDelta(b, value)
	case "reasoningContent":
		return a.reasoning(b, value)
	case "citation":
		b.kind, value = "citationsContent", rawjson.WithoutHalves(value)
		a.steps = append(a.steps, Step{Kind: StepCitation, Index: b.position, Value: a.titled(value)})
		return a.add(b, &b.citations, value)
	}
	a.steps = append(a.steps, Step{Kind: StepPiece, Index: b.position, Name: name, Value: value})
	if name == "toolResult" { // a stream sends the content alone
		value = rawjson.Wrap("content", value)
	}
	return a.add(b, &b.value, value)
}

// text adds a piece of text to the block, and a step with its complete characters.
func (a *Answer) text(b *openBlock, step Step) error {
	if rawjson.Kind(step.Value) != '"' {
		return errNotText
	}
	if err := a.holdBlock(b, len(step.Value)); err != nil {
		return err
	}
	given := step.Value
	step.Value = rawjson.WithoutHalves(b.wholeCharacters(given))
	b.some, b.text = true, append(b.text, step.Value[1:len(step.Value)-1]...)
	if len(step.Value) > 2 || len(given) == 2 && step.Kind != StepToolInput {
		a.steps = append(a.steps, step)
	}
	return nil
}

// flush passes on U+FFFD for a half that no other half has followed.
func (a *Answer) flush(b *openBlock) {
	if len(b.half) == 0 {
		return
	}
	step := Step{Kind: StepText, Index: b.position, Call: b.call}
	switch b.kind {
	case "toolUse":
		step.Kind = StepToolInput
	case "reasoningContent":
		step.Kind, step.Name = StepReasoning, "text"
	}
	step.Value = rawjson.Value(`"\ufffd"`)
	b.text = append(b.text, `\ufffd`...)
	a.steps = append(a.steps, step)
}

func (a *Answer) toolDelta(b *openBlock, value rawjson.Value) error {
	for _, m := range a.pieces.Part(value) {
		switch {
		case rawjson.Absent(m.Value):
		case m.Name != "input" || rawjson.Kind(m.Value) != '"':
			if err := a.add(b, &b.value, rawjson.Object{m}.Value()); err != nil {
				return err
			}
		case b.call == nil:
			if err := a.holdBlock(b, len(m.Value)); err != nil {
				return err
			}
			b.text, b.some = append(b.text, m.Value[1:len(m.Value)-1]...), true
		default:
			if err := a.text(b, Step{Kind: StepToolInput, Index: b.position, Call: b.call, Value: m.Value}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Answer) reasoning(b *openBlock, value rawjson.Value) error {
	for _, m := range a.pieces.Part(value) {
		step := Step{Kind: StepReasoning, Index: b.position, Name: m.Name, Value: m.Value}
		if m.Name != "text" {
			step.Value = rawjson.WithoutHalves(m.Value)
		}
		var err error
		switch {
		case rawjson.Absent(m.Value):
			continue
		case m.Name == "text" && rawjson.Kind(m.Value) == '"':
			if err := a.text(b, step); err != nil {
				return err
			}
			continue
		case m.Name == "signature":
			err = a.add(b, &b.signature, m.Value)
		default:
			err = a.add(b, &b.value, rawjson.Object{m}.Value())
		}
		if err != nil {
			return err
		}
		a.steps = append(a.steps, step)
	}
	return nil
}

// stop ends the open block of an index, if there is one.
func (a *Answer) stop(index int) error {
	b := a.open[index]
	if b == nil {
		return nil
	}
	delete(a.open, index)
	a.flush(b)
	done, err := a.block(b.kind, b.joined(), nil)
	if err != nil {
		return err
	}
	if done.Call != nil && b.call != nil {
		*b.call = *done.Call
		done.Call = b.call
	}
	for len(a.Blocks) <= b.position {
		a.Blocks = append(a.Blocks, AnswerBlock{})
	}
	a.Blocks[b.position] = done
	a.steps = append(a.steps, Step{Kind: StepBlock, Index: b.position, Block: &a.Blocks[b.position]})
	return nil
}

// joined returns the block's value as a whole reply has it.
func (b *openBlock) joined() rawjson.Value {
	switch b.kind {
	case "text":
		return b.quoted()
	case "citationsContent":
		w := rawjson.NewWriter(len(b.text) + 256)
		if b.some {
			w.Member("content", rawjson.Array([]rawjson.Value{rawjson.Wrap("text", b.quoted())}))
		}
		w.Member("citations", rawjson.Array(b.citations))
		return w.End()
	case "toolUse":
		started := b.value.join()
		if !b.some {
			return merge(started, rawjson.Value("{}"))
		}
		return merge(started, rawjson.Wrap("input", b.quoted()))
	case "reasoningContent":
		if !b.some && len(b.signature) == 0 {
			return b.value.join()
		}
		w := rawjson.NewWriter(len(b.text) + 512)
		w.Member("text", b.quoted())
		w.Member("signature", b.signature.join())
		return merge(rawjson.Wrap("reasoningText", w.End()), b.value.join())
	}
	return b.value.join()
}

// quoted is the joined text as a JSON string.
func (b *openBlock) quoted() rawjson.Value {
	q := append(make(rawjson.Value, 0, len(b.text)+2), '"')
	return append(append(q, b.text...), '"')
}

// wholeCharacters holds back half a surrogate pair at the end of a piece until the
// next piece: no client can join halves from two events. If nothing is held back, it
// returns the piece itself.
func (b *openBlock) wholeCharacters(piece rawjson.Value) rawjson.Value {
	if len(b.half) == 0 && !endsInHalf(piece) {
		return piece
	}
	whole := make(rawjson.Value, 0, len(piece)+len(b.half))
	whole = append(append(append(whole, '"'), b.half...), piece[1:]...)
	b.half = b.half[:0]
	if endsInHalf(whole) {
		n := len(whole) - halfLength - 1
		b.half = append(b.half, whole[n:n+halfLength]...)
		whole = append(whole[:n], '"')
	}
	return whole
}

// halfLength is the length of an escape such as \ud83d.
const halfLength = 6

// endsInHalf reports whether a JSON string ends in the escape of a high surrogate.
func endsInHalf(text rawjson.Value) bool {
	n := len(text) - halfLength - 1
	if n < 1 || text[n] != '\\' || text[n+1] != 'u' || text[n+2]|' ' != 'd' {
		return false
	}
	if c := text[n+3] | ' '; c != '8' && c != '9' && c != 'a' && c != 'b' {
		return false
	}
	escapes := 0
	for escapes < n-1 && text[n-1-escapes] == '\\' {
		escapes++
	}
	return escapes%2 == 0
}
