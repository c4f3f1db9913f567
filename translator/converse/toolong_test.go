package converse

import "testing"

// TestTooLong has the words of Bedrock's models, and of errors that are about something
// else.
func TestTooLong(t *testing.T) {
	for text, want := range map[string]bool{
		"Input is too long for requested model.":                                                      true,
		"The model returned the following errors: prompt is too long: 210000 tokens > 200000 maximum": true,
		"The model returned the following errors: input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length or `max_tokens` and try again": true,
		"The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.":                     true,
		"This model's maximum context length is 131072 tokens. Please reduce the length of the prompt":                                                                             true,
		"Too many input tokens.": true,
		"Value at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint: Member must have length less than or equal to 64": false,
		"The maximum tokens you requested exceeds the model limit of 4096.":                                                                 false,
	} {
		if got := TooLong(text); got != want {
			t.Errorf("%t for %q", got, text)
		}
	}
}
