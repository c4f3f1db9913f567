package converse

import (
	"errors"
	"fmt"
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

// Settings are what all dialects have in common. The zero value repairs requests, by
// the built-in rules. It is read-only.
type Settings struct {
	Mode Mode
	// Families are the rules of model families; nil means the built-in ones.
	Families *family.Table
	// ModelFamilies names the family of models whose id does not show it, such as the
	// ARN of an application inference profile.
	ModelFamilies map[string]string
	// Conversation is the dialect's member with the turns; "" is "messages".
	Conversation string
}

// Complete returns s with the built-in rules where it has none, or an error if it names
// a family that does not exist.
func (s Settings) Complete() (Settings, error) {
	if s.Families == nil {
		table, err := family.Builtin()
		if err != nil {
			return s, err
		}
		s.Families = table
	}
	for model, name := range s.ModelFamilies {
		if s.Families.Named(name) == nil {
			return s, fmt.Errorf("model %s: there is no family %q", model, name)
		}
	}
	return s, nil
}

// Begin starts the Converse request of a client's body, and checks the body as a whole.
// model and streaming are as for Rules.
func (s Settings) Begin(body Object, model string, streaming bool, req translator.Request) (*Request, error) {
	r := New(s.Rules(model, streaming, req))
	if err := r.warnHalves(body); err != nil {
		return nil, err
	}
	return r, r.CheckModel(body.Field("model"))
}

// Rules are the rules for a request that asks for a model by this name, which may be
// one of req.Defaults.Models. s is complete.
func (s Settings) Rules(model string, streaming bool, req translator.Request) Rules {
	return Rules{
		Mode: s.Mode, Model: model, Family: s.family(req.Defaults.Models.Model(model)),
		Streaming: streaming, Defaults: req.Defaults, Done: req.Done, Conversation: s.Conversation,
	}
}

// family returns the rules for a model id, nil for an unknown model.
func (s Settings) family(id string) *family.Family {
	if name, ok := s.ModelFamilies[id]; ok {
		return s.Families.Named(name)
	}
	return s.Families.Of(id)
}

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
	// Conversation is that of Settings.
	Conversation string
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
