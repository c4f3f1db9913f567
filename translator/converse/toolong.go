package converse

import "strings"

// TooLong reports whether Bedrock's message says that a request is too long for the
// model. Clients shorten the conversation then, if the error has their API's word for it.
func TooLong(message string) bool {
	text := strings.ToLower(message)
	for _, words := range []string{
		"input is too long", "prompt is too long", "too many input tokens", "context window", // most models
		"exceed context limit",                                   // Claude, where max_tokens does not fit behind the prompt
		"input tokens exceeded", "tokens exceeds maximum length", // Nova
		"maximum context length", "maximum number of input tokens is", // open models
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
