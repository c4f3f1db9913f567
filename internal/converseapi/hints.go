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
	message := plainWords(e.message)
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

// plainWords are the words of a message in lower case, with single spaces between them.
// Punctuation is not part of them: Bedrock writes isn't with U+2019 in one message and
// with ' in another.
func plainWords(message string) string {
	words := make([]byte, 0, len(message))
	for _, c := range strings.ToLower(message) {
		switch {
		case c == '\'' || c == '\u2019':
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			words = append(words, string(c)...)
		case len(words) > 0 && words[len(words)-1] != ' ':
			words = append(words, ' ')
		}
	}
	return string(words)
}

// hints are tried in order. texts are parts of plainWords of a message.
var hints = []struct {
	texts []string
	hint  string
	// evidence says where the words were seen.
	evidence string
}{
	{
		[]string{"on demand throughput"},
		"This model needs an inference profile: use the profile's id, such as the model id with the prefix us., eu., apac. or global., or the profile's ARN.",
		"recorded 2026: \"Invocation of model ID … with on-demand throughput isn’t supported.\"",
	},
	{
		[]string{"model identifier is invalid", "invalid model identifier"},
		"Check the model id for typing errors, and check that the region offers the model.",
		"recorded 2026: \"The provided model identifier is invalid.\"",
	},
	{
		[]string{"use case details"},
		"The account's owner must submit the provider's use-case form once: open the model in the Bedrock console's model catalog.",
		"FTUFormNotFilled, public reports, read 2026-11-23; AWS user guide, request access to models, read 2026-11-26",
	},
	{
		[]string{"bedrock invoketool"},
		"System tools need the permission bedrock:InvokeTool.",
		"the source of langchain-ai/langchain-aws, read 2026-11-23",
	},
	{
		[]string{"access to the model with the specified model id", "model access is denied", "aws marketplace"},
		"The AWS account has no access to this model yet: an identity with aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions must call it once, and models of Anthropic need their use-case form.",
		"AWS user guide, troubleshooting API error codes, read 2026-11-23, and request access to models, read 2026-11-26: the console has no page for access any more",
	},
	{
		[]string{"is not authorized to perform bedrock"},
		"The identity needs the permissions bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on the model and, if one is used, on the inference profile.",
		"AWS user guide, troubleshooting API error codes, read 2026-11-23",
	},
	{
		[]string{"end of its life", "marked by provider as legacy"},
		"The provider has withdrawn this model: choose a newer one.",
		"recorded 2026, status 404: \"This model version has reached the end of its life. …\"",
	},
	{
		[]string{"allow prompt caching", "prompt caching is not", "prompt caching not allowed", "caching not allowed"},
		"This model does not support prompt caching, or not for this request: leave the cache points out.",
		"status 403 for Kimi and Gemma, 400 for Nemotron: twentyhq/twenty issue 26217, read 2026-11-23",
	},
	{
		[]string{
			"input is too long", "prompt is too long", "context window", "context limit", "context length",
			"maximum number of tokens", "too many input tokens", "maximum context", "input tokens exceeded", "number of input tokens exceeds",
		},
		"The conversation is longer than the model can read: shorten it, lower max_tokens, or use a model with a larger context.",
		"recorded 2026, Nova 2: \"Input Tokens Exceeded: Number of input tokens exceeds maximum length.\"",
	},
	{
		[]string{"support the video content block"},
		"This model reads no video, wherever it is: leave the video out, or use a model that reads videos.",
		"recorded 2026, Claude, seven times: \"This model doesn't support the video content block that you provided. Update the content block and try again.\"",
	},
	{
		[]string{"content block that you provided"},
		"This model does not read this kind of content: leave it out, or use a model that does.",
		"the words for video, recorded 2026, name the kind of block",
	},
	{
		[]string{"support the s3uri field"},
		"This model reads nothing from S3: send the bytes.",
		"recorded 2026, Claude: \"This model doesn't support the s3Uri field. Remove s3Uri and try again.\"",
	},
	{
		[]string{"document source type field required"},
		"Beside tool results, this model reads no documents from S3: send the document's bytes.",
		"recorded 2026, Claude: \"The model returned the following errors: messages.2.content.2.document.source.type: Field required\"",
	},
	{
		[]string{"cannot be provided in the same turn"},
		"This model accepts nothing beside tool results: send the rest in a later user message, after the assistant's answer to the results.",
		"recorded 2026: \"messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.\"",
	},
	{
		[]string{"extraneous key toolresult is not permitted"},
		"A tool result contains what this model does not accept there, such as a PDF or a video: send it in a user message, or its content as text.",
		"recorded 2026, Nova 2: \"Malformed input request: #/messages/2/content/0: extraneous key [toolResult] is not permitted, please reformat your input and try again.\"",
	},
	{
		[]string{"extraneous key cachepoint is not permitted"},
		"This model accepts no cache point in this place: leave it out, or put it elsewhere.",
		"BerriAI/litellm issue 17479, read 2026-11-23",
	},
	{
		[]string{"blocks with cache control may be provided"},
		"Leave cache points out: those that end the longest unchanging parts matter most.",
		"live test of maximhq/bifrost: \"A maximum of 4 blocks with cache_control may be provided. Found 5.\", read 2026-11-23",
	},
	{
		[]string{"temperature is deprecated", "top p is deprecated", "top k is deprecated"},
		"This model accepts no sampling parameter but the default: leave temperature, top_p and top_k out.",
		"Claude Opus 4.7 and later: aws-samples/bedrock-chat issue 1102, read 2026-11-23",
	},
	{
		[]string{"cannot both be specified"},
		"Leave temperature or top_p out: this model accepts one of them.",
		"BerriAI/litellm issue 15070, read 2026-11-23",
	},
	{
		[]string{"support the effort parameter", "output config effort extra inputs"},
		"This model has no effort: leave it out. If the model is the ARN of an inference profile, name its family under model_families, and the effort is left out.",
		"anthropics/claude-code issue 30795, Bedrock: \"This model does not support the effort parameter.\"; anthropics/claude-agent-sdk-typescript issue 214, read 2026-11-26",
	},
	{
		[]string{"assistant message prefill"},
		"Leave out the unfinished answer at the end: this model does not continue one.",
		"NousResearch/hermes-agent issue 101401, read 2026-11-23",
	},
	{
		[]string{"start with a user message"},
		"Put a user message first, or send a greeting as part of the system prompt.",
		"deepgram/deepgram-python-sdk issue 760, read 2026-11-23",
	},
	{
		[]string{"with a length of 9"},
		"This model accepts tool call ids of nine letters and digits only: name the family mistral for it under model_families, and ids are replaced.",
		"Mistral's rule in the source of vercel/ai, read 2026-11-23",
	},
	{
		[]string{"additionalproperties"},
		"Set additionalProperties to false in each object of the schema.",
		"\"For 'object' type, 'additionalProperties' must be explicitly set to false\": future-agi/future-agi pull request 412, 2026-05-12",
	},
	{
		[]string{"guardrailidentifier"},
		"Send the id or the ARN of the guardrail, and its version.",
		"AWS API reference, GuardrailConfiguration, read 2026-11-23",
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
