package translator

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAliases(t *testing.T) {
	a := NewAliases(map[string]string{
		"fast": "us.amazon.nova-micro-v1:0", "claude-opus-4-8[1m]": "us.opus", "claude-3-5-haiku-*": "us.haiku", "claude-*": "us.sonnet",
		"*haiku*": "us.any-haiku", "claude-sonnet-4-6": "us.sonnet-4-6", "o*": "us.o", "*": "us.rest",
		"anthropic/*": "us.router", "eu.anthropic.claude-3-*": "eu.claude-4", "arn:aws:bedrock:*:old": "us.new",
	})
	for name, want := range map[string]struct{ alias, model string }{
		"fast":                        {"fast", "us.amazon.nova-micro-v1:0"},
		"claude-opus-4-8[1m]":         {"claude-opus-4-8[1m]", "us.opus"},
		"claude-opus-4-8m":            {"claude-*", "us.sonnet"}, // brackets are no class of characters
		"claude-sonnet-4-6":           {"claude-sonnet-4-6", "us.sonnet-4-6"},
		"claude-sonnet-4-6-20260101":  {"claude-*", "us.sonnet"},
		"claude-3-5-haiku-20241022":   {"claude-3-5-haiku-*", "us.haiku"},
		"claude-3-5-haiku-":           {"claude-3-5-haiku-*", "us.haiku"},
		"claude-haiku":                {"claude-*", "us.sonnet"}, // seven characters, *haiku* has five
		"haiku":                       {"*haiku*", "us.any-haiku"},
		"o3":                          {"o*", "us.o"},
		"gpt-4.1":                     {"*", "us.rest"},
		"anthropic/claude-sonnet-4.5": {"anthropic/*", "us.router"},
		"Claude-3":                    {"*", "us.rest"},
		"":                            {"*", "us.rest"},
		// Bedrock's own names keep their meaning, unless a pattern is written like one.
		"openai.gpt-oss-120b-1:0":                   {"", "openai.gpt-oss-120b-1:0"},
		"us.anthropic.claude-haiku-4-5":             {"", "us.anthropic.claude-haiku-4-5"},
		"eu.anthropic.claude-3-haiku-20240307-v1:0": {"eu.anthropic.claude-3-*", "eu.claude-4"},
		"arn:aws:bedrock:us-east-1:new":             {"", "arn:aws:bedrock:us-east-1:new"},
		"arn:aws:bedrock:us-east-1:old":             {"arn:aws:bedrock:*:old", "us.new"},
	} {
		if alias, model := a.Find(name); alias != want.alias || model != want.model {
			t.Errorf("%q: got %q %q, want %q", name, alias, model, want)
		}
	}
	if got := a.Names(); !slices.Equal(got, []string{"claude-opus-4-8[1m]", "claude-sonnet-4-6", "fast"}) {
		t.Errorf("names %q", got)
	}
	if alias, model := (Aliases{}).Find("m"); alias != "" || model != "m" {
		t.Errorf("without aliases: %q %q", alias, model)
	}
}

// TestPatternHidesNoOther: each pattern is used for some name, whatever else there is.
func TestPatternHidesNoOther(t *testing.T) {
	models := map[string]string{}
	for _, first := range []string{"", "a", "*"} {
		for _, second := range []string{"", "a", "b", "*a", "a*"} {
			for _, third := range []string{"*", "b*", "*b", "*b*"} {
				if p := first + second + third; !strings.Contains(p, "**") {
					models[p] = "m"
				}
			}
		}
	}
	a := NewAliases(models)
	for p := range models {
		if got, _ := a.Find(strings.ReplaceAll(p, "*", "-")); got != p {
			t.Errorf("the name of %q matches %q", p, got)
		}
	}
}

// A long name costs a client's own bytes, and no more.
func TestAliasOfLongName(t *testing.T) {
	a := NewAliases(map[string]string{"*a*a*a*a*a*a*a*a*b": "m"})
	began := time.Now()
	if alias, _ := a.Find(strings.Repeat("a", 20<<20)); alias != "" {
		t.Errorf("matches %q", alias)
	}
	if alias, _ := a.Find(strings.Repeat("a", MaxModelName)); alias != "" {
		t.Errorf("matches %q", alias)
	}
	if spent := time.Since(began); spent > time.Second {
		t.Errorf("took %v", spent)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("claude-*", "claude-3")
	f.Add("*a*ab", "aab")
	f.Add("a*a", "a")
	f.Add("[1m]*", "1")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := regexp.Compile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `\z`)
		if err != nil || len(pattern) > 50 || !isASCII(pattern+text) {
			return
		}
		if got, want := Glob(pattern, text), re.MatchString(text); got != want {
			t.Errorf("Glob(%q, %q) is %t", pattern, text, got)
		}
	})
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c > 127 }) < 0
}

func TestModelList(t *testing.T) {
	many := make([]string, 25)
	for i := range many {
		many[i] = "m"
	}
	for name, c := range map[string]struct {
		names []string
		want  string
	}{
		"none": {nil, ""},
		"two":  {[]string{"a", "b-*"}, "The models of this gateway are: a, b-*."},
		"many": {many, "The models of this gateway are: " + strings.TrimSuffix(strings.Repeat("m, ", 20), ", ") + " and 5 more."},
		"long": {[]string{"a", strings.Repeat("x", 1000)}, "The models of this gateway are: a and 1 more."},
	} {
		if got := ModelList(c.names); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
