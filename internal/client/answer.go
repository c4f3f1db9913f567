package client

import (
	"encoding/json"
	"slices"
	"strings"
)

// Kind says what a Piece is.
type Kind int

// The kinds of pieces.
const (
	Text Kind = iota
	Reasoning
)

// Piece is a part of an answer as it arrives.
type Piece struct {
	Kind Kind
	Text string
}

// Answer is a model's answer.
type Answer struct {
	Model      string
	StopReason string
	Usage      Usage
	Cost       string // such as "0.005214 USD"; "" if the server tells none
	RequestID  string

	blocks   []*block
	raw      []json.RawMessage // parts of it that go back as they came, in the API's form
	complete bool
	show     func(Piece)
}

// Usage is what the server has counted.
type Usage struct {
	Input      int `json:"input_tokens"`
	Output     int `json:"output_tokens"`
	CacheRead  int `json:"cache_read_input_tokens,omitempty"`
	CacheWrite int `json:"cache_write_input_tokens,omitempty"`
}

// Call is a tool call.
type Call struct {
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

// block is a content block. Its kind is the member that it fills.
type block struct {
	index     int // in the stream
	text      strings.Builder
	reasoning strings.Builder
	signature string
	redacted  string // base64
	call      *Call
	input     strings.Builder // of call
}

// at is the block with an index of the stream, new or not.
func (a *Answer) at(index int) *block {
	i := slices.IndexFunc(a.blocks, func(b *block) bool { return b.index == index })
	if i >= 0 {
		return a.blocks[i]
	}
	b := &block{index: index}
	a.blocks = append(a.blocks, b)
	return b
}

func (a *Answer) addText(index int, text string) {
	a.at(index).text.WriteString(text)
	a.piece(Text, text)
}

func (a *Answer) addReasoning(index int, text string) {
	a.at(index).reasoning.WriteString(text)
	a.piece(Reasoning, text)
}

func (a *Answer) piece(kind Kind, text string) {
	if a.show != nil && text != "" {
		a.show(Piece{kind, text})
	}
}

// Text is the whole text.
func (a *Answer) Text() string {
	var text strings.Builder
	for _, b := range a.blocks {
		text.WriteString(b.text.String())
	}
	return text.String()
}

// Reasoning is the whole text of the model's thoughts.
func (a *Answer) Reasoning() string {
	var text strings.Builder
	for _, b := range a.blocks {
		text.WriteString(b.reasoning.String())
	}
	return text.String()
}

// Calls are the tool calls, in their order.
func (a *Answer) Calls() []Call {
	var calls []Call
	for _, b := range a.blocks {
		if b.call != nil {
			calls = append(calls, Call{b.call.ID, b.call.Name, b.arguments()})
		}
	}
	return calls
}

// arguments are the input of a call: an object, or a string with what the model has
// written in its place.
func (b *block) arguments() json.RawMessage {
	text := b.input.String()
	switch {
	case strings.TrimSpace(text) == "":
		return json.RawMessage("{}")
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage("{}") // a string can always be marshalled
	}
	return quoted
}
