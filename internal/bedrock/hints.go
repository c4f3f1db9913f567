package bedrock

import (
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// hint says what to do about a refusal, "" when nothing is known. Bedrock tells
// these cases apart in its message alone.
func (r refusal) hint(kind translator.Kind) string {
	switch kind {
	case translator.KindCallerCredentials, translator.KindSidecarCredentials:
		return credentialsHint(strings.TrimSuffix(r.code, "Exception"))
	case translator.KindValidation, translator.KindAccessDenied, translator.KindNotFound:
	default:
		return ""
	}
	message := strings.ToLower(r.message)
	for _, h := range hints {
		for _, text := range h.texts {
			if strings.Contains(message, text) {
				return h.hint
			}
		}
	}
	if kind == translator.KindNotFound && r.code == "" && r.status == http.StatusNotFound {
		return "Check the backend's endpoint: this answer did not come from Bedrock."
	}
	return ""
}

// hints are tried in order against the message in lower case.
var hints = []struct {
	texts []string
	hint  string
}{
	{
		[]string{"on-demand throughput"},
		"This model is called through an inference profile: use the profile's id, such as the model id with us., eu., apac. or global. before it, or its ARN.",
	},
	{
		[]string{"model identifier is invalid", "invalid model identifier"},
		"Check the model id for typing errors, and that the model is offered in the region that was called.",
	},
	{
		[]string{"use case details"},
		"The account's owner has to submit the provider's use-case form once, in the Bedrock console under model access.",
	},
	{
		[]string{"bedrock:invoketool"},
		"System tools need the permission bedrock:InvokeTool.",
	},
	{
		[]string{"access to the model with the specified model id", "model access is denied", "aws-marketplace:"},
		"The AWS account has no access to this model: it is granted in the Bedrock console under model access.",
	},
	{
		[]string{"is not authorized to perform: bedrock:"},
		"The identity needs the permissions bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on the model and, if one is used, on the inference profile.",
	},
	{
		[]string{"end of its life", "marked by provider as legacy"},
		"The provider has withdrawn this model: choose a newer one.",
	},
	{
		[]string{
			"input is too long", "prompt is too long", "context window", "context limit", "context length",
			"maximum number of tokens", "too many input tokens", "maximum context",
		},
		"The conversation is longer than the model can read: shorten it, lower max_tokens, or use a model with a larger context.",
	},
}

func credentialsHint(code string) string {
	switch code {
	case "ExpiredToken", "RequestExpired":
		return "The session token has expired: get new temporary credentials."
	case "InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature":
		return "Check the secret access key, and that the sidecar's clock is right."
	}
	return "Check the access key id and the session token, and that both are of the partition that was called."
}
