package gateway

import (
	"slices"
	"testing"

	"bedrock-extproc/translator"
)

const withPatterns = `
providers:
  llm:
    backend: a.BedrockConverseProvider
    config:
      default_model: us.m
      models:
        claude-sonnet-4-6: us.sonnet
        claude-opus-4-8[1m]: us.opus
        claude-*: us.haiku
        "*": us.rest
bedrock_extproc:
  identity: {user: {grpc_metadata: user, default: guest}}
  access:
  - {match: {user: ann}, models: ["claude-*"]}
  - {match: {user: guest}}
`

// TestPatternsOnPages: a list of models has no patterns, but a model that matches one can be
// asked for.
func TestPatternsOnPages(t *testing.T) {
	g := parse(t, withPatterns)
	model := func(id string) string { return `{"id":"` + id + `","object":"model","created":0,"owned_by":"bedrock"}` }
	const unlisted = "bedrock_not_found: This model is not listed."
	ann := said{"user": {"ann"}}
	for name, c := range map[string]struct {
		path string
		said said
		want string
	}{
		"the list":                   {"/v1/models", nil, `{"object":"list","data":[` + model("us.m") + "," + model("claude-opus-4-8[1m]") + "," + model("claude-sonnet-4-6") + `]}`},
		"the list of a caller":       {"/v1/models", ann, `{"object":"list","data":[` + model("claude-opus-4-8[1m]") + "," + model("claude-sonnet-4-6") + `]}`},
		"a name":                     {"/v1/models/claude-opus-4-8%5B1m%5D", ann, model("claude-opus-4-8[1m]")},
		"a name of a pattern":        {"/v1/models/claude-3-haiku", ann, model("claude-3-haiku")},
		"any name":                   {"/v1/models/gpt-4o", nil, model("gpt-4o")},
		"a name that is not allowed": {"/v1/models/gpt-4o", ann, unlisted},
		"a model id":                 {"/v1/models/us.other", nil, unlisted},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pageText(t, g, c.path, nil, c.said); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestNamesOfAnUnknownModel: the error lists what its caller may ask for, patterns too.
func TestNamesOfAnUnknownModel(t *testing.T) {
	g := parse(t, withPatterns)
	for user, want := range map[string][]string{
		"guest": {"us.m", "claude-opus-4-8[1m]", "claude-sonnet-4-6", "claude-*", "*"},
		"ann":   {"claude-opus-4-8[1m]", "claude-sonnet-4-6", "claude-*"},
	} {
		target, err := g.Target("", translator.Caller{}, said{"user": {user}})
		if err != nil {
			t.Fatal(err)
		}
		if got := target.Names(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", user, got)
		}
		for name, label := range map[string]string{"claude-sonnet-4-6": "claude-sonnet-4-6", "claude-2": "claude-*", "gpt-4o": "*", "us.m": "us.m", "eu.unknown": ""} {
			if got := target.ModelLabel(name); got != label {
				t.Errorf("the label of %s: %q", name, got)
			}
		}
		e := &translator.Error{UnknownModel: true, Hint: "Check it."}
		target.AddNames(e, "claude-2")
		if e.Hint != "Check it." {
			t.Errorf("%s: an alias of an unknown model: %q", user, e.Hint)
		}
		if target.AddNames(e, "eu.unknown"); e.Hint != "Check it. "+translator.ModelList(want) {
			t.Errorf("%s: %q", user, e.Hint)
		}
		other := &translator.Error{}
		if target.AddNames(other, "eu.unknown"); other.Hint != "" {
			t.Errorf("%s: another error: %q", user, other.Hint)
		}
	}
}
