package chat

import (
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock/validate"
)

// beyond are the cases that the validator rejects although the dialect accepts them,
// and why.
var beyond = map[string]string{
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
	taken := 0
	for _, g := range goldens(t) {
		name := g.Name()
		call, err := g.decode(t)
		if err != nil {
			continue
		}
		model := call.Model
		if strings.Count(model, ".") == 0 && !strings.HasPrefix(model, "arn:") {
			model = g.settings.DefaultModel
		}
		refused := validate.Request(model, call.Body, validate.Options{Streaming: g.settings.Stream})
		switch _, expected := beyond[name]; {
		case expected && refused == nil:
			t.Errorf("%s: taken, although %s", name, beyond[name])
		case !expected && refused != nil && !leftToBedrock(refused.Rule, model):
			t.Errorf("%s: %v (rule %s)\n%s", name, refused, refused.Rule, call.Body)
		default:
			taken++
		}
	}
	if taken < 50 {
		t.Errorf("only %d requests were held to the rules", taken)
	}
}
