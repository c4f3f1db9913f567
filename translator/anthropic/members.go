package anthropic

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

var (
	// sent are the members that reach Bedrock, or the answer.
	sent = []string{
		"model", "max_tokens", "messages", "system", "stop_sequences", "stream", "temperature", "top_p", "top_k", "thinking",
		"output_config", "output_format", "tools", "tool_choice", "cache_control", "service_tier", "betas", "anthropic_beta",
	}
	// extensions are members with which clients reach what Converse has and Anthropic has
	// not, each in the agentic gateway's form and in Converse's.
	extensions = []string{
		"additional_model_request_fields", "additionalModelRequestFields",
		"additional_model_response_field_paths", "additionalModelResponseFieldPaths", "guardrail", "guardrailConfig",
		"outputConfig", "performance", "performanceConfig", "project_identifier", "projectIdentifier",
		"prompt_variables", "promptVariables", "request_metadata", "requestMetadata", "serviceTier",
	}
	// unsent have no equal in Converse. An answer without them is still an answer.
	unsent = []string{
		"inference_geo", "fallbacks", "fallback_credit_token", "billing_policy", "diagnostics", "user_profile_id", "workspace_id",
	}
	// notOffered change what an answer is or means, so they are refused.
	notOffered = []string{"container", "mcp_servers", "thread", "compaction"}
	// checked are read by warnUnsent, too. anthropic_version is Bedrock's own name of the
	// version.
	checked = []string{"metadata", "context_management", "speed", "anthropic_version"}

	known = slices.Concat(sent, extensions, unsent, notOffered, checked)
)

// refused refuses members whose loss could be misunderstood.
func (in *input) refused() error {
	for _, name := range notOffered {
		f := in.Field(name)
		if k := rawjson.Kind(f.Value); rawjson.Absent(f.Value) || (k == '[' || k == '{') && rawjson.Empty(f.Value) {
			continue
		}
		return converse.Refuse(f.At, converse.FaultNotOffered)
	}
	return nil
}

// warnUnsent warns of the members that do not reach Bedrock. metadata.user_id is for
// Anthropic's own statistics, and is left out without a warning.
func (in *input) warnUnsent() {
	in.out.WarnUnknown(in.Object, known...)
	for _, name := range unsent {
		in.warnNotSent(in.Field(name))
	}
	if f := in.Field("speed"); !rawjson.IsText(f.Value, "standard") {
		in.warnNotSent(f)
	}
	if f := in.Field("metadata"); rawjson.Kind(f.Value) == '{' {
		in.out.WarnUnknown(converse.Object{At: f.At, Members: rawjson.Members(f.Value)}, "user_id")
	}
	in.warnEdits()
}

func (in *input) warnNotSent(f converse.Field) {
	if !rawjson.Absent(f.Value) {
		in.out.Warn(f.At, converse.FaultNotSent)
	}
}

// warnEdits warns of the edits of context_management that would change the conversation.
// Claude Code always asks to keep all thinking, which needs nothing.
func (in *input) warnEdits() {
	f := in.Field("context_management")
	if rawjson.Kind(f.Value) != '{' {
		in.warnNotSent(f)
		return
	}
	edits := converse.Object{At: f.At, Members: rawjson.Members(f.Value)}
	in.out.WarnUnknown(edits, "edits")
	for i, v := range rawjson.Elements(edits.Get("edits")) {
		edit := rawjson.Members(v)
		if kind := edit.Get("type"); rawjson.IsText(kind, "clear_thinking_20251015") && rawjson.IsText(edit.Get("keep"), "all") {
			continue
		}
		in.out.Warn(converse.Index(f.At+".edits", i), converse.FaultNotSent)
	}
}

// listed is a value that is a list, an empty list for any other value.
func listed(v rawjson.Value) rawjson.Value {
	if rawjson.Kind(v) == '[' {
		return v
	}
	return rawjson.Value("[]")
}
