package converse

import (
	"net/http"

	"bedrock-extproc/translator"
)

// SDKStatus is the status of an error for the SDKs of OpenAI and Anthropic, which derive
// the class of an error from it: that of the kind, except where theirs differs.
// Anthropic's 529 is not a status that Envoy accepts.
func SDKStatus(e *translator.Error) int {
	switch {
	case e.UnknownModel:
		return http.StatusNotFound
	case e.Kind == translator.KindMalformed:
		return http.StatusBadRequest
	case e.Kind == translator.KindNoCredentials:
		return http.StatusUnauthorized
	}
	return e.Status
}

// SDKRepeats reports whether these SDKs repeat a request for its status, unless the header
// x-should-retry forbids it.
func SDKRepeats(status int) bool {
	return status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}
