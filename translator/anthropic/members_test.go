package anthropic

import (
	"regexp"
	"testing"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
)

// ignored are members that are left out without a warning: types, which other members
// show, what is for other systems, and values that ask for nothing.
var ignored = regexp.MustCompile(`(^|\.)(type|metadata|anthropic_version|media_type|eager_input_streaming|defer_loading|allowed_callers|caller|context_management|user_id|edits)=` +
	`|(^|\.)(model="us\.anthropic\.claude-sonnet-4-20250514-v1:0"|service_tier="auto"|speed="standard"|effort="high"|output_config=\{"effort":"high"\}|thinking=\{"type":"disabled"\})$`)

// saidTwice are cases with members that repeat others, or that another member switches off.
var saidTwice = map[string]bool{
	"reply_call_withheld":             true,
	"stream_call_withheld":            true,
	"cache_blank":                     true,
	"tool_none":                       true,
	"betas_B3":                        true,
	"tool_result_document_cached_B15": true,
}

// TestEveryMemberCounts: nothing of a request is lost silently.
func TestEveryMemberCounts(t *testing.T) {
	for _, g := range goldens(t) {
		if request, ok := g.Section("request.json"); ok && !saidTwice[g.Name()] {
			goldentest.EveryMember(t, request, ignored, func(body []byte) (*translator.Call, error) { return g.decodeBody(t, body) })
		}
	}
}
