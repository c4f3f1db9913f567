package converseapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bedrock-extproc/translator"
)

func TestHints(t *testing.T) {
	tests := []struct {
		name, code, message string
		want                string // the hint contains it; "" means no hint
	}{
		{"profile", "ValidationException", "Invocation of model ID anthropic.x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.", "inference profile"},
		{"identifier", "ValidationException", "The provided model identifier is invalid.", "typing errors"},
		{"no access", "AccessDeniedException", "You don't have access to the model with the specified model ID.", "no access to this model"},
		{"form", "ResourceNotFoundException", "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.", "use-case form"},
		{"form, by name", "FTUFormNotFilled", "Fill out the Anthropic use case details form.", "use-case form"},
		{"tool", "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: bedrock:InvokeTool on resource: x", "permission bedrock:InvokeTool"},
		{"policy", "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: bedrock:InvokeModel on resource: x", "bedrock:InvokeModelWithResponseStream"},
		{"expired", "ExpiredTokenException", "The security token included in the request is expired", "has expired"},
		{"signature", "InvalidSignatureException", "Signature expired: 20261123T000000Z is now earlier than", "clock"},
		{"key", "UnrecognizedClientException", "The security token included in the request is invalid.", "access key id"},
		{"context", "ValidationException", "The model returned the following errors: Input is too long for requested model.", "shorten"},
		{"context, by tokens", "ValidationException", "input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000", "shorten"},
		{"context, Nova 2", "ValidationException", "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.", "shorten"},
		{"throttle, not context", "ThrottlingException", "Too many tokens, please wait before trying again.", ""},
		{"old model", "ResourceNotFoundException", "This model version has reached the end of its life. Please refer to the AWS documentation for more details.", "newer"},
		{"caching", "AccessDeniedException", "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information.", "leave the cache points out"},
		{"video", "ValidationException", "This model doesn't support the video content block that you provided. Update the content block and try again.", "no video"},
		{"video, other apostrophe", "ValidationException", "This model doesn’t support the video content block that you provided.", "no video"},
		{"S3", "ValidationException", "This model doesn't support the s3Uri field. Remove s3Uri and try again.", "send the bytes"},
		{"S3 document beside results", "ValidationException", "The model returned the following errors: messages.2.content.2.document.source.type: Field required", "Beside tool results"},
		{"beside results", "ValidationException", "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.", "later user message"},
		{"Nova's results", "ValidationException", "Malformed input request: #/messages/2/content/0: extraneous key [toolResult] is not permitted, please reformat your input and try again.", "PDF or a video"},
		{"Nova's context", "ValidationException", "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.", "shorten"},
		{"sampling", "ValidationException", "The model returned the following errors: `temperature` is deprecated for this model.", "but the default"},
		{"sampling, both", "ValidationException", "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one.", "one of them"},
		{"effort", "ValidationException", "The model returned the following errors: This model does not support the effort parameter.", "model_families"},
		{"effort, as a field", "ValidationException", "The model returned the following errors: output_config.effort: Extra inputs are not permitted", "leave it out"},
		{"prefill", "ValidationException", "This model does not support assistant message prefill. The conversation must end with a user message.", "unfinished answer"},
		{"first turn", "ValidationException", "A conversation must start with a user message. Try again with a conversation that starts with a user message.", "greeting"},
		{"Mistral's ids", "ValidationException", "Tool call id was tooluse_1 but must be a-z, A-Z, 0-9, with a length of 9.", "model_families"},
		{"schema", "ValidationException", "For 'object' type, 'additionalProperties' must be explicitly set to false", "to false"},
		{"no idea", "ValidationException", "messages.0.content: a text block is blank", ""},
		{"not Bedrock", "", "", "endpoint"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := awsError{code: tt.code, message: tt.message, status: http.StatusNotFound}.forClient(false, nil)
			if tt.want == "" && e.Hint != "" || !strings.Contains(e.Hint, tt.want) {
				t.Errorf("hint %q, want %q", e.Hint, tt.want)
			}
			if strings.HasPrefix(tt.name, "throttle") && e.Kind != translator.KindThrottled {
				t.Errorf("kind %s", e.Kind)
			}
		})
	}
}

// TestHintsAreComplete: each hint names its evidence, can be found, and is found before
// one that takes its messages, too.
func TestHintsAreComplete(t *testing.T) {
	for i, h := range hints {
		if h.hint == "" || !strings.Contains(h.evidence, " ") {
			t.Errorf("hint %d, %q, has the evidence %q", i, h.hint, h.evidence)
		}
		for _, text := range h.texts {
			if text != strings.TrimSpace(plainWords(text)) {
				t.Errorf("%q is never found: messages read %q", text, plainWords(text))
			}
			for _, before := range hints[:i] {
				for _, shorter := range before.texts {
					if strings.Contains(text, shorter) {
						t.Errorf("%q never applies: %q comes first", text, shorter)
					}
				}
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	tests := map[string]struct {
		headers []string
		code    string
		want    time.Duration
	}{
		"none":           {nil, "Throttling", time.Second},
		"seconds":        {[]string{"Retry-After", "7"}, "Throttling", 7 * time.Second},
		"milliseconds":   {[]string{"X-Amz-Retry-After", "1200", "Retry-After", "7"}, "Throttling", 2 * time.Second},
		"past":           {[]string{"Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT"}, "Throttling", time.Second},
		"nonsense":       {[]string{"Retry-After", "soon", "X-Amz-Retry-After", "-5"}, "Throttling", time.Second},
		"internal":       {[]string{"Retry-After", "3"}, "InternalServer", 3 * time.Second},
		"internal, none": {nil, "InternalServer", 0},
		"a timeout":      {[]string{"Retry-After", "3"}, "ModelTimeout", 0},
		"a final error":  {[]string{"Retry-After", "3"}, "Validation", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			for i := 0; i < len(tt.headers); i += 2 {
				header.Set(tt.headers[i], tt.headers[i+1])
			}
			if e := (awsError{code: tt.code}).forClient(false, header); e.RetryAfter != tt.want {
				t.Errorf("%v, want %v", e.RetryAfter, tt.want)
			}
		})
	}
	date := http.Header{"Retry-After": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}
	if got := wholeSeconds(retryAfter(date)); got <= 59*time.Minute || got > time.Hour {
		t.Errorf("%v for a date in an hour", got)
	}
}

// Whether a model exists is in Bedrock's words only.
func TestUnknownModel(t *testing.T) {
	for message, c := range map[string]struct {
		code string
		want bool
	}{
		"The provided model identifier is invalid.":                                  {"ValidationException", true},
		"Could not resolve the foundation model from the provided model identifier.": {"ResourceNotFoundException", true},
		"The provided model identifier is invalid. ":                                 {"ThrottlingException", false},
		"This model version has reached the end of its life.":                        {"ResourceNotFoundException", false},
		"messages.0.content: a text block is blank":                                  {"ValidationException", false},
	} {
		if e := (awsError{code: c.code, message: message}).forClient(false, nil); e.UnknownModel != c.want {
			t.Errorf("%s: %t", message, e.UnknownModel)
		}
	}
}
