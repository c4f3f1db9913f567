package openai

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

var (
	// sent are the members that reach Bedrock, or the answer.
	sent = []string{
		"model", "messages", "stream", "stream_options", "max_completion_tokens", "max_tokens", "temperature", "top_p", "stop",
		"tools", "tool_choice", "response_format", "reasoning_effort", "service_tier", "metadata",
	}
	// extensions are members with which clients reach what Converse has and OpenAI has not,
	// each in the agentic gateway's form and in Converse's.
	extensions = []string{
		"top_k", "thinking", "additional_model_request_fields", "additionalModelRequestFields",
		"additional_model_response_field_paths", "additionalModelResponseFieldPaths", "guardrail", "guardrailConfig",
		"output_config", "outputConfig", "performance", "performanceConfig", "project_identifier", "projectIdentifier",
		"prompt_variables", "promptVariables", "request_metadata", "requestMetadata", "serviceTier",
	}
	// hints may be ignored: they only make calls faster, or they name the default.
	hints = []string{"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"}
	// unsent have no equal in Converse. An answer without them is still an answer.
	unsent = []string{
		"store", "user", "safety_identifier", "verbosity", "prediction", "seed", "logit_bias", "top_logprobs",
		"presence_penalty", "frequency_penalty",
	}
	// notOffered change what an answer is or means, so they are refused.
	notOffered = []string{"logprobs", "audio", "moderation", "web_search_options"}
	// checked are read by refused, too.
	checked = []string{"n", "modalities", "functions", "function_call", "parallel_tool_calls"}

	known = slices.Concat(sent, extensions, hints, unsent, notOffered, checked)
)

// warnUnsent warns of the members that do not reach Bedrock.
func (in *input) warnUnsent() {
	in.out.WarnUnknown(in.Object, known...)
	for _, name := range unsent {
		if !isDefault(in.Get(name)) {
			in.out.Warn(name, converse.FaultNotSent)
		}
	}
	if f := in.Field("parallel_tool_calls"); rawjson.Kind(f.Value) == 'f' && !rawjson.Empty(in.listed("tools")) {
		in.out.Warn(f.At, converse.FaultParallelCalls)
	}
}

// listed is a member that is a list, an empty list for any other value.
func (in *input) listed(name string) rawjson.Value {
	if v := in.Get(name); rawjson.Kind(v) == '[' {
		return v
	}
	return rawjson.Value("[]")
}

// isDefault reports whether a value asks for nothing: null, false, 0, "" or an empty
// object or list.
func isDefault(v rawjson.Value) bool {
	switch rawjson.Kind(v) {
	case 0, 'n', 'f':
		return true
	case '0':
		return string(v) == "0" || string(v) == "0.0"
	case '{', '[':
		return rawjson.Empty(v)
	case '"':
		return len(v) == 2
	default:
		return false
	}
}

// refused refuses members whose loss could be misunderstood.
func (in *input) refused() error {
	for _, name := range notOffered {
		if f := in.Field(name); !rawjson.Absent(f.Value) && rawjson.Kind(f.Value) != 'f' {
			return converse.Refuse(f.At, converse.FaultNotOffered)
		}
	}
	for _, name := range []string{"functions", "function_call"} {
		if f := in.Field(name); !isDefault(f.Value) {
			return converse.Refuse(f.At, converse.FaultFunctionCall)
		}
	}
	if _, err := converse.ReadBoolean(in.Field("parallel_tool_calls")); err != nil {
		return err
	}
	if f := in.Field("n"); !rawjson.Absent(f.Value) && string(f.Value) != "1" && string(f.Value) != "1.0" {
		return converse.Refuse(f.At, converse.FaultChoices)
	}
	if f := in.Field("modalities"); !rawjson.Absent(f.Value) && rawjson.Kind(f.Value) != '[' {
		return converse.Refuse(f.At, converse.FaultNotOffered)
	}
	for i, v := range rawjson.Elements(in.Get("modalities")) {
		if !rawjson.IsText(v, "text") {
			return converse.Refuse(converse.Index("modalities", i), converse.FaultNotOffered)
		}
	}
	return nil
}
