package chat

import (
	"fmt"
	"net/http"
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/family"
)

// translation is the work on one request: what has been found so far, and what
// is allowed to be done about it.
type translation struct {
	mode     Translation
	model    string
	family   *family.Family
	version  string // of the family rules
	warnings []warning
	names    toolNames

	system  []block
	turns   []turn
	tools   bool // a toolUse or toolResult block is among the turns
	docs    map[string]bool
	thinks  bool // the request switches the model's thinking on
	streams bool
}

// repair records that something was mended, or refuses it in strict mode. What
// is mended in passthrough mode stays as it is: the caller asks mends first.
func (t *translation) repair(code, at, detail, hint string) error {
	if t.mode == Strict {
		return invalid(at, detail, hint)
	}
	t.warn(code, at, detail)
	return nil
}

// mends says whether requests are repaired, or refused for the lack of it.
func (t *translation) mends() bool { return t.mode != Passthrough }

func (t *translation) warn(code, at, detail string) {
	t.warnings = append(t.warnings, warning{Code: code, Path: at, Detail: detail})
}

// rule names a family's rule for a message.
func (t *translation) rule() string {
	return fmt.Sprintf("%s models (rules of %s)", t.family.Name, t.version)
}

// wrongType is a request of the wrong form: 422.
func wrongType(at, text string) error {
	return &translator.Error{Status: http.StatusUnprocessableEntity, Kind: translator.KindMalformed, Path: at, Message: text}
}

// invalid is a request that Bedrock would refuse: 400.
func invalid(at, text, hint string) error {
	return &translator.Error{Status: http.StatusBadRequest, Kind: translator.KindInvalid, Path: at, Message: text, Hint: hint}
}

// index names an element of a list.
func index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
