package converse

import (
	"cmp"
	"strconv"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/family"
)

// A Fault is one thing that can be wrong with a client's request, in the words
// that the client reads. All of them are in faults.go. A Fault is immutable.
type Fault struct {
	// code is stable. Warnings carry it; errors do not.
	code string
	// problem is the message of the error.
	problem string
	// done is the detail of the warning, "" for a fault that is always refused.
	done string
	// hint tells the client what to do, "" when the problem does.
	hint string
	// evidence says where and when Bedrock was seen to refuse this, or why it is refused
	// here. It is "" in the table where the family's rule has it.
	evidence string
	// malformed makes the error a 422 rather than a 400.
	malformed bool
}

// A template is a Fault with placeholders in its texts, which with fills in. Its texts
// have no other braces.
type template Fault

// values replace placeholders: kind replaces {kind}, and so on. The caller bounds the
// length of values that a client wrote.
type values struct {
	family *family.Family // the family and the date of its rules
	// evidence is that of the family's rule. It is no placeholder.
	evidence string
	kind     string // of a block
	value    string // of the request
	id       string // of a tool call
	name     string // sent instead of the client's
	list     string // of accepted values
	path     string // of another value in the request
	count    int
}

func (t template) with(v values) Fault {
	f := Fault(t)
	f.evidence = cmp.Or(v.evidence, f.evidence)
	f.problem, f.done, f.hint = v.fill(f.problem), v.fill(f.done), v.fill(f.hint)
	return f
}

// fill replaces the placeholders of a text. Values are not searched for placeholders.
func (v values) fill(text string) string {
	before, rest, found := strings.Cut(text, "{")
	if !found {
		return text
	}
	name, rest, _ := strings.Cut(rest, "}")
	value, _ := v.get(name)
	return before + value + v.fill(rest)
}

// get is the value for a placeholder. ok is false for any other name.
func (v values) get(name string) (value string, ok bool) {
	switch name {
	case "family":
		if v.family != nil {
			value = v.family.Rule()
		}
	case "kind":
		value = v.kind
	case "value":
		value = v.value
	case "id":
		value = v.id
	case "name":
		value = v.name
	case "list":
		value = v.list
	case "path":
		value = v.path
	case "count":
		value = strconv.Itoa(v.count)
	default:
		return "", false
	}
	return value, true
}

// Refuse returns the *translator.Error of a request that has fault f at a path.
func Refuse(at string, f Fault) error {
	kind := translator.KindInvalid
	if f.malformed {
		kind = translator.KindMalformed
	}
	e := translator.NewError(kind, f.problem)
	e.Path, e.Hint, e.Evidence = at, f.hint, f.evidence
	return e
}

// Warning reports that fault f, at a path, was repaired.
func (f Fault) Warning(at string) translator.Warning {
	return translator.Warning{Code: f.code, Path: at, Detail: f.done, Evidence: f.evidence}
}

// repair warns of a fault that the caller repairs, or refuses it in strict mode. It
// is not called in passthrough mode.
func (r *Request) repair(at string, f Fault) error {
	if r.rules.Mode == Strict {
		return Refuse(at, f)
	}
	r.warn(at, f)
	return nil
}

// Warn warns of a fault in every mode. It is for a dialect that has dealt with it.
func (r *Request) Warn(at string, f Fault) { r.warn(at, f) }

// Repair warns of a fault that the dialect repairs, or refuses it in strict mode. In
// passthrough mode it does nothing.
func (r *Request) Repair(at string, f Fault) error {
	if r.passes() {
		return nil
	}
	return r.repair(at, f)
}

// maxWarnings bounds how many warnings an answer lists.
const maxWarnings = 100

// warn adds a warning in every mode. Beyond maxWarnings, it only counts.
func (r *Request) warn(at string, f Fault) {
	if r.warningsFull() {
		r.unlisted++
		return
	}
	r.warnings = append(r.warnings, f.Warning(at))
}

func (r *Request) warningsFull() bool { return len(r.warnings) == maxWarnings }

// Warnings lists the warnings in the order in which the faults were found.
func (r *Request) Warnings() []translator.Warning {
	if r.unlisted == 0 {
		return r.warnings
	}
	more := faultMoreWarnings.with(values{count: r.unlisted}).Warning("")
	return append(r.warnings[:maxWarnings:maxWarnings], more)
}
