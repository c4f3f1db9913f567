package converse

import (
	"net/http"
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

// A Mode says what becomes of a request that the service would refuse although it
// is clear what was meant.
type Mode int

const (
	// Repair mends it, with a warning.
	Repair Mode = iota
	// Strict refuses it.
	Strict
	// Passthrough sends it as it is, and leaves refusing to Bedrock.
	Passthrough
)

// Rules decide about one request.
type Rules struct {
	Mode Mode
	// Model is the id that was asked for.
	Model string
	// Family is what is known of the model; nil is nothing.
	Family *family.Family
}

// A Field is a value of the client's request and where it stands there. The value
// is nil when the client gave none.
type Field struct {
	Value rawjson.Value
	At    string
}

// Index names an element of a list in a place.
func Index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// Malformed is the error of a request of the wrong form: 422.
func Malformed(at, message string) error {
	return &translator.Error{Status: http.StatusUnprocessableEntity, Kind: translator.KindMalformed, Path: at, Message: message}
}

// Invalid is the error of a request that Bedrock would refuse: 400.
func Invalid(at, message, hint string) error {
	return &translator.Error{Status: http.StatusBadRequest, Kind: translator.KindInvalid, Path: at, Message: message, Hint: hint}
}

// A fault is something that the service would refuse and that can be mended.
type fault struct {
	code    string
	problem string // the message of the refusal in strict mode
	mended  string // the detail of the warning in repair mode
	hint    string // what the client can do
}

// maxWarnings bounds what a request of many faults adds to its answer.
const maxWarnings = 100

// repair says that a fault is being mended, or refuses it in strict mode. It is not
// asked in passthrough mode.
func (r *Request) repair(at string, f fault) error {
	if r.rules.Mode == Strict {
		return Invalid(at, f.problem, f.hint)
	}
	r.Warn(f.code, at, f.mended)
	return nil
}

// Warn adds a warning. Beyond a hundred they are only counted.
func (r *Request) Warn(code, at, detail string) {
	if len(r.warnings) == maxWarnings {
		r.unnamed++
		return
	}
	r.warnings = append(r.warnings, translator.Warning{Code: code, Path: at, Detail: detail})
}

// Warnings lists what was said, in the order in which it was found.
func (r *Request) Warnings() []translator.Warning {
	if r.unnamed == 0 {
		return r.warnings
	}
	more := translator.Warning{Code: "more_warnings", Detail: "There are " + strconv.Itoa(r.unnamed) + " more warnings."}
	return append(r.warnings[:maxWarnings:maxWarnings], more)
}

// passes says that nothing is checked or mended.
func (r *Request) passes() bool { return r.rules.Mode == Passthrough }
