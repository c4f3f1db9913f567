package chat

import (
	"testing"

	"bedrock-extproc/tests/dialecttest"
)

// notJudged are the cases that the validator rejects although the dialect accepts them,
// and why.
var notJudged = map[string]string{
	"tool_unknown_kind":             "a kind of tool that the service does not know yet",
	"tool_spec_repaired_24":         "a member that the service does not know yet",
	"result_kinds_future":           "a kind that the service does not know yet",
	"passthrough_tools":             "nothing is checked there",
	"system_titan_13":               "only Bedrock knows what a model supports",
	"tool_choice_llama_19":          "only Bedrock knows what a model supports",
	"server_tool_names_38":          "what the service names is not checked",
	"prompt_alias":                  "what the name stands for is known to the backend",
	"passthrough_options":           "nothing is checked there",
	"passthrough_tool_spec":         "nothing is checked there",
	"base64_41":                     "only Bedrock reads the bytes",
	"base64_escapes":                "only Bedrock reads the bytes",
	"blank_text_before_cache_point": "only Bedrock knows what a model supports",
	"result_beside_video_claude":    "only Bedrock knows what a model supports",
	"image_formats_39":              "only Bedrock knows what a model supports",
	"result_kinds":                  "only Bedrock knows what a model supports",
	"unknown_block_kinds":           "a kind that the service does not know yet",
	"openai_passthrough":            "nothing is checked there",
	"passthrough_mode":              "nothing is repaired there",
	"first_turn_unknown_09":         "of an opaque ARN nothing is known, so Bedrock decides",
	"thinking_budget_interleaved":   "the judge does not know interleaved thinking",
}

// TestAcceptedRequestsAreValid checks every request that the dialect accepts against
// the service's rules, as the fake Bedrock knows them.
func TestAcceptedRequestsAreValid(t *testing.T) {
	var requests []dialecttest.Accepted
	for _, g := range goldens(t) {
		if call, err := g.decode(t); err == nil {
			requests = append(requests, dialecttest.Accepted{Case: g.Name(), Call: call, DefaultModel: g.settings.DefaultModel, Models: g.settings.Models})
		}
	}
	dialecttest.Valid(t, requests, notJudged, dialecttest.LeftToBedrock)
}
