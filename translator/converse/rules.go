package converse

import (
	"errors"
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

// A Mode says how to treat a request that Bedrock would refuse although its meaning
// is clear.
type Mode int

const (
	// Repair changes it, with a warning.
	Repair Mode = iota
	// Strict refuses it.
	Strict
	// Passthrough sends it unchanged and unchecked.
	Passthrough
)

// Rules are the rules for one request.
type Rules struct {
	Mode Mode
	// Model is the id that the client asked for.
	Model string
	// Family has the rules of the model's family, nil when it is unknown.
	Family *family.Family
	// Streaming is true for ConverseStream.
	Streaming bool
	// Defaults are additions of the backend.
	Defaults translator.Defaults
	// Done is that of translator.Request.
	Done <-chan struct{}
}

// A Field is a value of the client's request and its path.
type Field struct {
	// Value is nil when the client sent none.
	Value rawjson.Value
	// At is the path, such as "messages[3].content".
	At string
}

// Index is the path of an element of the list at a path.
func Index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// errDone is the cause of the error of a request that nobody waits for.
var errDone = errors.New("nobody waits for the answer")

// checkDone returns an error once Rules.Done is closed. Work that grows with the request
// calls it now and then.
func (r *Request) checkDone() error {
	select {
	case <-r.rules.Done:
		return translator.ErrInternal(errDone)
	default:
		return nil
	}
}

// passes reports whether the request is sent unchecked.
func (r *Request) passes() bool { return r.rules.Mode == Passthrough }
