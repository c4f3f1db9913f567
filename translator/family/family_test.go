package family

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	table, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]string{
		"anthropic.claude-3-haiku-20240307-v1:0":                                      "claude",
		"us.anthropic.claude-sonnet-4-20250514-v1:0":                                  "claude-thinking",
		"eu.anthropic.claude-sonnet-4-5-20250929-v1:0":                                "claude-4-5",
		"global.anthropic.claude-sonnet-4-6-v1:0":                                     "claude-sonnet-4-6",
		"us.anthropic.claude-opus-4-7-v1:0":                                           "claude-opus-4-7",
		"us.anthropic.claude-opus-4-8-v1:0":                                           "claude-opus-4-8",
		"global.anthropic.claude-sonnet-5-v1:0":                                       "claude-opus-4-8",
		"global.anthropic.claude-opus-5-v1:0":                                         "claude-5",
		"us.anthropic.claude-opus-4-6-v1":                                             "claude-no-prefill",
		"us.anthropic.claude-opus-4-5-20251101-v1:0":                                  "claude-opus-4-5",
		"google.gemma-3-27b-it":                                                       "no-cache",
		"us.amazon.nova-2-lite-v1:0":                                                  "amazon-nova-2",
		"us.mistral.pixtral-large-2502-v1:0":                                          "mistral-any-id",
		"mistral.mistral-large-3-675b-instruct":                                       "mistral-any-id",
		"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0":            "nova",
		"us.meta.llama4-maverick-17b-instruct-v1:0":                                   "llama",
		"mistral.mistral-large-2407-v1:0":                                             "mistral",
		"openai.gpt-oss-20b-1:0":                                                      "gpt-oss",
		"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3": "",
		"arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1":                  "",
		"a-name-of-the-operator":                                                      "",
		"":                                                                            "",
		"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-1-v1": "claude-4-5",
	} {
		got := ""
		if f := table.Of(model); f != nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("%s is of the family %q, want %q", model, got, want)
		}
	}
}

func TestFamiliesInherit(t *testing.T) {
	table, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	f := table.Named("claude-opus-4-7")
	if f == nil || f.LastTurn.Value != "user" || f.MaxCachePoints.Value != 4 || len(f.Refused.Value) != 2 || len(f.NotTogether.Value) != 0 {
		t.Errorf("claude-opus-4-7 is %+v", f)
	}
	if newer := table.Named("claude-opus-4-8"); newer == nil || len(newer.Refused.Value) != 2 || len(newer.ThinkingForbids.Value) != 2 {
		t.Errorf("claude-opus-4-8 is %+v", newer)
	}
}

// TestRulesHaveEvidence: each built-in rule says where and when Bedrock was seen to
// demand it.
func TestRulesHaveEvidence(t *testing.T) {
	table, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	dated := regexp.MustCompile(`\b20\d\d\b`)
	rules := 0
	for _, f := range table.Families {
		v := reflect.ValueOf(f)
		for i := range v.NumField() {
			rule, name := v.Field(i), v.Type().Field(i).Name
			if rule.Kind() != reflect.Struct || rule.IsZero() {
				continue
			}
			rules++
			if evidence := rule.FieldByName("Evidence").String(); !dated.MatchString(evidence) {
				t.Errorf("%s, %s: the evidence %q has no date", f.Name, name, evidence)
			}
		}
	}
	if rules < 50 {
		t.Errorf("only %d rules", rules)
	}
}

func TestParseNamesEveryMistake(t *testing.T) {
	for text, want := range map[string]string{
		"version: \"1\"\nfamilies: [{name: a, first_tern: user}]":              "first_tern",
		"version: \"1\"\nfamilies: [{match: [b]}]":                             "family 1",
		"families: [{name: a}]":                                                "version",
		"version: \"1\"\nfamilies: [{name: a, last_turn: never}]":              `"never" is none of: user trimmed`,
		"version: \"1\"\nfamilies: [{name: a, thinking_forbids: [breathing]}]": "breathing",
		"version: \"1\"\nfamilies: [{name: a, top_k: [a, b, c]}]":              "top_k",
		"version: \"1\"\nfamilies: [{name: a, top_k: {was: [a]}}]":             "field was not found",
		"version: \"1\"\nfamilies: [{name: a, strict_tools: {tool: 1}}]":       "field tool not found",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %s", text, err, want)
		}
	}
}

func TestOver(t *testing.T) {
	base, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	own, err := Parse([]byte(`{version: "2026-11-01", families: [{name: nova, match: [amazon.nova], max_cache_points: 2}, {name: mine, match: [profile/mine]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	table := own.Over(base)
	if f := table.Of("us.amazon.nova-pro-v1:0"); f == nil || f.MaxCachePoints.Value != 2 || !strings.Contains(f.Rule(), "2026-11-01") {
		t.Errorf("nova is %+v", f)
	}
	if f := table.Of("us.amazon.nova-pro-v1:0"); f != table.Named("nova") {
		t.Error("a name and a match find different families")
	}
	if f := table.Of("arn:aws:bedrock:us-east-1:1:application-inference-profile/mine"); f == nil || f.Name != "mine" {
		t.Errorf("the family of the ARN is %+v", f)
	}
	if f := table.Of("anthropic.claude-3-haiku-20240307-v1:0"); f == nil || !strings.Contains(f.Rule(), base.Version) {
		t.Errorf("claude is %+v", f)
	}
}
