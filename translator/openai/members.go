package openai

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

var (
	// sent are the members that reach Bedrock, or the answer.
	sent = []string{
		"model", "messages", "stream", "stream_options", "max_completion_tokens", "max_tokens", "temperature", "top_p", "stop",
		"tools", "tool_choice", "response_format", "reasoning_effort", "service_tier", "metadata",
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

	known = slices.Concat(sent, openaiapi.Extensions(), hints, unsent, notOffered, checked)
)

// warnUnsent warns of the members that do not reach Bedrock.
func (in *input) warnUnsent() {
	in.out.WarnUnknown(in.Object, known...)
	for _, name := range unsent {
		if !openaiapi.IsDefault(in.Get(name)) {
			in.out.Warn(name, converse.FaultNotSent)
		}
	}
	in.shared.WarnParallelCalls()
}

// refused refuses members whose loss could be misunderstood.
func (in *input) refused() error {
	for _, name := range notOffered {
		if f := in.Field(name); !rawjson.Absent(f.Value) && rawjson.Kind(f.Value) != 'f' {
			return converse.Refuse(f.At, converse.FaultNotOffered)
		}
	}
	for _, name := range []string{"functions", "function_call"} {
		if f := in.Field(name); !openaiapi.IsDefault(f.Value) {
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
