package chat

import (
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock/validate"
)

// beyond are cases that no validator of today can take: kinds from the future,
// and what passthrough sends on purpose.
var beyond = map[string]string{
	"tool_unknown_kind":             "a kind of tool that the service does not know yet",
	"tool_spec_mended_24":           "a member that the service does not know yet",
	"result_kinds_future":           "a kind that the service does not know yet",
	"passthrough_tools":             "nothing is checked there",
	"system_titan_13":               "what a model supports is Bedrock's to say",
	"tool_choice_llama_19":          "what a model supports is Bedrock's to say",
	"server_tool_names_38":          "what the service names is not checked",
	"prompt_alias":                  "what the name stands for is known to the backend",
	"passthrough_options":           "nothing is checked there",
	"passthrough_tool_spec":         "nothing is checked there",
	"base64_41":                     "whether the bytes are an image is Bedrock's to say",
	"base64_escapes":                "whether the bytes are an image is Bedrock's to say",
	"blank_text_before_cache_point": "what a model supports is Bedrock's to say",
	"result_beside_video_claude":    "what a model supports is Bedrock's to say",
	"image_formats_39":              "what a model supports is Bedrock's to say",
	"result_kinds":                  "what a model supports is Bedrock's to say",
	"unknown_block_kinds":           "a kind that the service does not know yet",
	"openai_passthrough":            "nothing is checked there",
	"passthrough_mode":              "nothing is repaired there",
	"first_turn_unknown_09":         "of an opaque ARN nothing is known, so Bedrock decides",
	"thinking_budget_interleaved":   "the judge does not know interleaved thinking",
}

// TestAcceptedRequestsAreTaken holds every request that the dialect lets through
// to the service's rules, as the stand-in knows them.
func TestAcceptedRequestsAreTaken(t *testing.T) {
	taken := 0
	for _, g := range goldens(t) {
		name := strings.TrimSuffix(filepath.Base(g.file), ".txtar")
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
