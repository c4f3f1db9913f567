package responses

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

var (
	// sent are the members that reach Bedrock, or the answer. The API has no stop;
	// Converse has.
	sent = []string{
		"model", "input", "instructions", "stream", "stream_options", "max_output_tokens", "temperature", "top_p", "stop",
		"tools", "tool_choice", "text", "reasoning", "service_tier", "metadata",
	}
	// hints may be ignored: they only make calls faster, or are for OpenAI's statistics.
	hints = []string{"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "client_metadata"}
	// unsent have no equal in Converse. An answer without them is still an answer.
	unsent = []string{
		"user", "safety_identifier", "top_logprobs", "max_tool_calls", "context_management", "background_options",
		"access_programs", "image",
	}
	// notOffered change what an answer is or means, so they are refused.
	notOffered = []string{"background", "moderation"}
	// stored refer to what OpenAI stores, so they are refused.
	stored = []string{"previous_response_id", "conversation", "prompt"}
	// checked are read by warnUnsent, too.
	checked = []string{"store", "include", "truncation", "parallel_tool_calls"}

	known = slices.Concat(sent, openaiapi.Extensions(), hints, unsent, notOffered, stored, checked)
)

// logprobs is what include asks for to get log probabilities.
const logprobs = "message.output_text.logprobs"

// refused refuses members whose loss could be misunderstood.
func (in *input) refused() error {
	for _, name := range stored {
		if f := in.Field(name); !openaiapi.IsDefault(f.Value) {
			return converse.Refuse(f.At, converse.FaultStored)
		}
	}
	for _, name := range notOffered {
		if f := in.Field(name); !openaiapi.IsDefault(f.Value) {
			return converse.Refuse(f.At, converse.FaultNotOffered)
		}
	}
	for i, v := range rawjson.Elements(in.Get("include")) {
		if rawjson.IsText(v, logprobs) {
			return converse.Refuse(converse.Index("include", i), converse.FaultNotOffered)
		}
	}
	return nil
}

// warnUnsent warns of the members that do not reach Bedrock. What else include asks for is
// in every answer, or is of tools that OpenAI runs.
func (in *input) warnUnsent() {
	in.out.WarnUnknown(in.Object, known...)
	for _, name := range unsent {
		if !openaiapi.IsDefault(in.Get(name)) {
			in.out.Warn(name, converse.FaultNotSent)
		}
	}
	if rawjson.Kind(in.Get("store")) != 'f' { // true is the default
		in.out.Warn("store", converse.FaultNotStored)
	}
	in.warnUnless(in.Field("truncation"), "disabled")
	in.shared.WarnParallelCalls()
}
