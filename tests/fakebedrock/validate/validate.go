package validate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Options select what is validated.
type Options struct {
	Streaming    bool // ConverseStream
	LenientRoles bool // consecutive turns may have the same role
}

// Error is the service's error for an invalid request.
type Error struct {
	Code    string // ValidationException or another exception of the service
	Status  int
	Message string
	Rule    string // name of the rule, for tests; not sent to clients

	// InStream means that the service answers 200 and sends the error as the first
	// frame of the stream.
	InStream bool
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Request validates the body of a call to a model. nil means that the service accepts
// it.
func Request(modelID string, body []byte, o Options) *Error {
	if e := checkModelID(modelID); e != nil {
		return e
	}
	r := &request{model: parseModel(modelID), streaming: o.Streaming, lenientRoles: o.LenientRoles}
	if e := decode(requestShape(o.Streaming), body, &r.Request); e != nil {
		return e
	}
	return r.checkRules()
}

// decode compares a body with its shape and decodes it.
func decode(s *shape, body []byte, into any) *Error {
	w, err := check(s, body)
	switch {
	case err != nil:
		return unreadable(err)
	case len(w.unknown) > 0:
		return invalid("unknown member", w.unknown[0])
	case len(w.constraints) > 0:
		return invalid("constraint", constraints(w.constraints))
	case len(w.unions) > 0:
		return invalid("union", w.unions[0])
	}
	if err := json.Unmarshal(body, into); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) *Error {
	return &Error{Code: "SerializationException", Status: http.StatusBadRequest, Message: err.Error(), Rule: "types"}
}

// checkModelID checks the form of a model id.
func checkModelID(id string) *Error {
	constraint := ""
	switch {
	case id == "":
		constraint = "Member must have length greater than or equal to 1"
	case len(id) > 2048:
		constraint = "Member must have length less than or equal to 2048"
	case !modelIDForm.MatchString(id):
		constraint = "Member must satisfy regular expression pattern: " + modelIDPattern
	default:
		return nil
	}
	return invalid("modelId", constraints([]string{fmt.Sprintf("Value '%s' at 'modelId' failed to satisfy constraint: %s", id, constraint)}))
}

// request is the input of rules.
type request struct {
	converse.Request
	model        model
	streaming    bool
	lenientRoles bool
	counting     bool // CountTokens
}

func invalid(rule, message string) *Error {
	return &Error{Code: "ValidationException", Status: http.StatusBadRequest, Message: message, Rule: rule}
}

// constraints formats the violations of the constraint layer.
func constraints(list []string) string {
	plural := "s"
	if len(list) == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(list), plural, strings.Join(list, "; "))
}
