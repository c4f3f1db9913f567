package converseapi

import (
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// hint says what to do about an error, "" if nothing is known. Only Bedrock's message
// distinguishes these cases.
func (e awsError) hint(kind translator.Kind) string {
	switch kind {
	case translator.KindCallerCredentials, translator.KindSidecarCredentials:
		return credentialsHint(strings.TrimSuffix(e.code, "Exception"))
	case translator.KindValidation, translator.KindAccessDenied, translator.KindNotFound:
	default:
		return ""
	}
	message := strings.ToLower(e.message)
	for _, h := range hints {
		for _, text := range h.texts {
			if strings.Contains(message, text) {
				return h.hint
			}
		}
	}
	if kind == translator.KindNotFound && e.code == "" && e.status == http.StatusNotFound {
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
		"This model needs an inference profile: use the profile's id, such as the model id with the prefix us., eu., apac. or global., or the profile's ARN.",
	},
	{
		[]string{"model identifier is invalid", "invalid model identifier"},
		"Check the model id for typing errors, and check that the region offers the model.",
	},
	{
		[]string{"use case details"},
		"The account's owner must submit the provider's use-case form once, in the Bedrock console under model access.",
	},
	{
		[]string{"bedrock:invoketool"},
		"System tools need the permission bedrock:InvokeTool.",
	},
	{
		[]string{"access to the model with the specified model id", "model access is denied", "aws-marketplace:"},
		"The AWS account has no access to this model: request it in the Bedrock console under model access.",
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
			"maximum number of tokens", "too many input tokens", "input tokens exceed", "maximum context",
		},
		"The conversation is longer than the model can read: shorten it, lower max_tokens, or use a model with a larger context.",
	},
}

func credentialsHint(code string) string {
	switch code {
	case "ExpiredToken", "RequestExpired":
		return "The session token has expired: get new temporary credentials."
	case "InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature":
		return "Check the secret access key and the sidecar's clock."
	}
	return "Check the access key id and the session token, and check that both belong to the AWS partition that was called."
}
