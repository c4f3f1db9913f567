package converse

import (
	"errors"
	"slices"
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// An Answer reads what Bedrock answers to one request, for every dialect, and
// collects the assistant's turn. A whole reply goes through ReadReply, the events of
// a stream go through Read, in order, and End. Both fill in the same fields by the
// same code, so that a whole answer is its own stream, added up.
//
// It repairs streams in an unusual order; see Read. It is for one goroutine and one
// answer, and fields are to be read only. The members are those of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
// and API_runtime_ConverseStream.html.
type Answer struct {
	// Blocks are the turn's blocks, in order. Of a stream they are those that have
	// ended.
	Blocks []AnswerBlock
	// StopReason is Bedrock's word as a JSON string, nil while there is none.
	StopReason rawjson.Value
	// Usage counts tokens, nil while Bedrock has not.
	Usage *Usage
	// What else Bedrock said, without white space, nil for nothing.
	Metrics, Trace, Performance, ServiceTier, AdditionalFields rawjson.Value
	// Other are top-level members that have no field here.
	Other rawjson.Object

	names Names
	// Readers of an event, of its delta and of a piece in that.
	events, deltas, pieces rawjson.Reader

	open    map[int]*openBlock // by Bedrock's index
	opened  int                // blocks with content so far
	steps   []Step
	started bool // StepStart is out
	stopped bool // messageStop has come
	counted bool // metadata has come
	ended   bool // StepStop and StepEnd are out
}

// NewAnswer starts an answer. names are those of Request.Names.
func NewAnswer(names Names) *Answer {
	return &Answer{names: names, open: map[int]*openBlock{}}
}

// Plain reports whether the turn holds nothing but text and calls of the client's
// tools.
func (a *Answer) Plain() bool {
	return !slices.ContainsFunc(a.Blocks, func(b AnswerBlock) bool { return !b.Plain })
}

// Turn lists the blocks as they belong into a later request.
func (a *Answer) Turn() rawjson.Value {
	blocks := make([]rawjson.Value, len(a.Blocks))
	for i := range a.Blocks {
		blocks[i] = a.Blocks[i].Value
	}
	return rawjson.Array(blocks)
}

// Text is the turn's text as one JSON string. Blocks of text are a line each; a
// block with citations and its neighbours are one running text.
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

// Summary is the answer in numbers. The caller counts the warnings.
func (a *Answer) Summary() translator.Summary {
	s := a.Usage.summary()
	if rawjson.Kind(a.StopReason) == '"' {
		s.StopReason = rawjson.Text(a.StopReason)
	}
	return s
}

// ReadReply reads the body of a whole reply, which the Answer keeps parts of. An
// error is a *translator.Error: this is not a reply of Converse. A guardrail or filter
// that stops a request before the model leaves no message: the turn is empty.
func (a *Answer) ReadReply(reply []byte) error {
	members, err := a.events.Read(reply)
	if err != nil {
		return badAnswer("Bedrock's answer is not a Converse reply.", err)
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
		return badAnswer("Bedrock's answer holds no message.", rawjson.ErrNotObject)
	}
	for _, v := range rawjson.Elements(content) {
		if err := a.wholeBlock(v); err != nil {
			return badAnswer("Bedrock's answer holds a content block that cannot be read.", err)
		}
	}
	return nil
}

// member takes one top-level member of a reply, of messageStop or of metadata.
func (a *Answer) member(name string, value rawjson.Value) (err error) {
	if rawjson.Absent(value) {
		return nil
	}
	switch name {
	case "output", "p": // p is padding that hides the length of tokens on the wire
		return nil
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
		a.Other = a.Other.Set(name, value)
	}
	return err
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

// errIndex is the error of an event whose block has no index.
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
