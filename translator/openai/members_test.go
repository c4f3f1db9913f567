package openai

import (
	"regexp"
	"testing"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
)

// ignored are members that are left out without a warning: types, which other members
// show, what is for other systems, and values that ask for nothing.
var ignored = regexp.MustCompile(`(^|\.)(type|index|format|prompt_cache_key|prompt_cache_retention|prompt_cache_options)=` +
	`|(^|\.)(n=1|model="us\.anthropic\.claude-sonnet-4-20250514-v1:0"|service_tier="auto"|parallel_tool_calls=true|modalities=\["text"\]|response_format=\{"type":"text"\}|strict=true|detail="auto"|mode="(auto|explicit)"|arguments="(null|\{\})?")$`)

// saidTwice are cases with members that repeat others, or that another member switches off.
var saidTwice = map[string]bool{
	"allowed_tools":           true,
	"custom_tools_none":       true,
	"reply_call_withheld":     true,
	"thinking_blocks_B39":     true,
	"tool_choice_none":        true,
	"tool_choice_object_none": true,
	"allowed_tools_none":      true,
	"cache_control_twice_B19": true,
	"content_blocks_back_B39": true,
	"reasoning_details":       true,
}

// TestEveryMemberCounts: nothing of a request is lost silently.
func TestEveryMemberCounts(t *testing.T) {
	for _, g := range goldens(t) {
		if request, ok := g.Section("request.json"); ok && !saidTwice[g.Name()] {
			goldentest.EveryMember(t, request, ignored, func(body []byte) (*translator.Call, error) { return g.decodeBody(t, body) })
		}
	}
}
