package converse

import (
	"errors"
	"slices"
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// An Answer reads Bedrock's answer to one request, for every dialect, and collects
// the assistant's turn. A whole reply goes through ReadReply, the events of a stream
// go through Read, in order, and End. Both fill in the same fields through the same
// code, so a whole answer equals its own stream, added up.
//
// It repairs streams in an unusual order; see Read. It serves one answer and one
// goroutine. Callers only read its fields. The members are those of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
// and API_runtime_ConverseStream.html.
type Answer struct {
	// Blocks are the turn's blocks, in order. During a stream they are those that have
	// ended.
	Blocks []AnswerBlock
	// StopReason is Bedrock's, a JSON string; nil until it is known.
	StopReason rawjson.Value
	// Usage has the token counts; nil until Bedrock has sent them.
	Usage *Usage
	// Further members of the answer, without white space; nil if absent.
	Metrics, Trace, Performance, ServiceTier, AdditionalFields rawjson.Value
	// Other has the top-level members without a field here.
	Other rawjson.Object

	names  Names
	others map[string]int // positions in Other, by name
	// Readers of an event, of its delta, and of a piece in the delta.
	events, deltas, pieces rawjson.Reader

	open    map[int]*openBlock // by Bedrock's index
	held    int                // bytes of pieces and members so far
	opened  int                // blocks so far
	steps   []Step
	started bool // StepStart was returned
	stopped bool // messageStop was read
	counted bool // metadata was read
	ended   bool // StepStop and StepEnd were returned
}

// NewAnswer returns an empty Answer. names is the result of Request.Names.
func NewAnswer(names Names) *Answer {
	return &Answer{names: names, open: map[int]*openBlock{}}
}

// Plain reports whether the turn holds nothing but text and calls of the client's
// tools.
func (a *Answer) Plain() bool {
	return !slices.ContainsFunc(a.Blocks, func(b AnswerBlock) bool { return !b.Plain })
}

// Turn returns the blocks as a JSON array, in the form that a later request needs.
func (a *Answer) Turn() rawjson.Value {
	blocks := make([]rawjson.Value, len(a.Blocks))
	for i := range a.Blocks {
		blocks[i] = a.Blocks[i].Value
	}
	return rawjson.Array(blocks)
}

// Text returns the turn's text as one JSON string. Line breaks separate the blocks,
// except that a block with citations and its neighbours are one running text.
func (a *Answer) Text() rawjson.Value {
	size, cited, some := 2, false, false
	for i := range a.Blocks {
		size += len(a.Blocks[i].Text) + 2
	}
	text := append(make(rawjson.Value, 0, size), '"')
	for i := range a.Blocks {
		b := &a.Blocks[i]
		now := b.Kind == "citationsContent"
		if len(b.Text) > 0 {
			if some && !cited && !now {
				text = append(text, `\n`...)
			}
			text, some = append(text, b.Text[1:len(b.Text)-1]...), true
		}
		cited = now
	}
	return append(text, '"')
}

// Summary returns the numbers of the answer. The caller adds the number of warnings.
func (a *Answer) Summary() translator.Summary {
	s := a.Usage.summary()
	if rawjson.Kind(a.StopReason) == '"' {
		s.StopReason = translator.Clip(rawjson.Text(a.StopReason), 100)
	}
	return s
}

// ReadReply reads the body of a whole reply. The Answer keeps parts of it. An error
// is a *translator.Error: the body is not a Converse reply. If a guardrail or a
// filter has stopped the request before the model, there is no message, and the turn
// is empty.
func (a *Answer) ReadReply(reply []byte) error {
	members, err := a.events.Read(rawjson.ValidUTF8(reply))
	if err != nil {
		return translator.ErrBadAnswer(translator.AnswerNotConverse, err)
	}
	for _, m := range members {
		if err := a.member(m.Name, m.Value); err != nil {
			return err
		}
	}
	output := rawjson.Members(members.Get("output"))
	message := rawjson.Members(output.Get("message"))
	content := message.Get("content")
	for _, m := range slices.Concat(output, message) {
		if m.Name != "message" && m.Name != "content" && m.Name != "role" {
			if err := a.member(m.Name, m.Value); err != nil {
				return err
			}
		}
	}
	if rawjson.Kind(content) != '[' {
		if reason := a.Summary().StopReason; reason == "guardrail_intervened" || reason == "content_filtered" {
			return nil
		}
		return translator.ErrBadAnswer(translator.AnswerNoMessage, rawjson.ErrNotObject)
	}
	for _, v := range rawjson.Elements(content) {
		if err := a.wholeBlock(v); err != nil {
			return translator.ErrBadAnswer(translator.AnswerBlock, err)
		}
	}
	return nil
}

// member records one top-level member of a reply, of messageStop or of metadata.
func (a *Answer) member(name string, value rawjson.Value) (err error) {
	if rawjson.Absent(value) {
		return nil
	}
	switch name {
	case "output", "p": // p is padding that hides the length of tokens on the wire
		return nil
	}
	if err := a.hold(len(name) + len(value) + pieceOverhead); err != nil {
		return err
	}
	value = rawjson.WithoutHalves(rawjson.Compact(value).Clone())
	switch name {
	case "stopReason":
		a.StopReason = value
	case "usage":
		a.Usage, err = readUsage(value)
	case "metrics":
		a.Metrics = value
	case "trace":
		a.Trace = value
	case "performanceConfig":
		a.Performance = value
	case "serviceTier":
		a.ServiceTier = value
	case "additionalModelResponseFields":
		a.AdditionalFields = value
	default:
		a.setOther(name, value)
	}
	return err
}

// setOther adds a member to Other. Where a name occurs twice, the last one counts.
func (a *Answer) setOther(name string, value rawjson.Value) {
	if i, ok := a.others[name]; ok {
		a.Other[i].Value = value
		return
	}
	if a.others == nil {
		a.others = map[string]int{}
	}
	a.others[name] = len(a.Other)
	a.Other = append(a.Other, rawjson.Member{Name: name, Value: value})
}

// wholeBlock adds a block of a whole reply.
func (a *Answer) wholeBlock(v rawjson.Value) error {
	if rawjson.Kind(v) != '{' {
		return rawjson.ErrNotObject
	}
	members := slices.DeleteFunc(rawjson.Members(v), func(m rawjson.Member) bool { return rawjson.Absent(m.Value) })
	if len(members) == 0 {
		return nil
	}
	main := max(0, slices.IndexFunc(members, func(m rawjson.Member) bool { return slices.Contains(contentKinds, m.Name) }))
	kind := members[main]
	b, err := a.block(kind.Name, rawjson.Compact(kind.Value), slices.Delete(members, main, main+1))
	if err == nil && rawjson.Members(b.Value).Get(b.Kind) != nil {
		a.Blocks = append(a.Blocks, b)
	}
	return err
}

// errIndex is the error of an event whose block index is not a number.
var errIndex = errors.New("the index of a content block is not a number")

func blockIndex(v rawjson.Value) (int, error) {
	if rawjson.Absent(v) {
		return 0, nil
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 0 {
		return 0, errIndex
	}
	return n, nil
}
