package validate

import (
	"sync"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// CountTokens validates the body of a CountTokens call. Only foundation models count,
// whether on-demand calls reach them or not.
func CountTokens(modelID string, body []byte, o Options) *Error {
	if e := checkModelID(modelID); e != nil {
		return e
	}
	m := parseModel(modelID)
	if m.profile || m.resource != "" && m.resource != "foundation-model" || opaqueID.MatchString(modelID) || m.matches(notChat) {
		return invalid("counting", "The provided model doesn't support counting tokens.")
	}
	var count struct {
		Input struct{ Converse *converse.Request }
	}
	if e := decode(countShape(), body, &count); e != nil {
		return e
	}
	r := &request{model: m, lenientRoles: o.LenientRoles, counting: true}
	if count.Input.Converse != nil {
		r.Request = *count.Input.Converse
		return r.checkRules()
	}
	if message := modelIdentifier(r); message != "" {
		return invalid("model identifier", message)
	}
	return nil
}

// countShape is the shape of CountTokensRequest.
var countShape = sync.OnceValue(func() *shape {
	return structOf(req("input", unionOf(
		opt("invokeModel", structOf(req("body", bytesOf()))),
		opt("converse", structOf(
			opt("messages", listOf(messageShape())),
			opt("system", listOf(systemShape())),
			opt("toolConfig", toolConfigShape()),
			opt("additionalModelRequestFields", anything()),
		)),
	)))
})
