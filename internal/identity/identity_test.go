package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

// said is what Envoy knows about a caller, by the name of the source.
type said map[string][]string

func (s said) Metadata(path []string) []string      { return s["metadata "+strings.Join(path, "/")] }
func (s said) Attribute(name string) []string       { return s["attribute "+name] }
func (s said) InitialMetadata(name string) []string { return s["initial "+name] }

var sources = []identity.Source{
	{Name: "user", Metadata: []string{"jwt", "payload", "sub"}, Attribute: "source.principal", InitialMetadata: "user"},
	{Name: "groups", Metadata: []string{"jwt", "payload", "groups"}, Default: "none"},
}

func parse(t *testing.T, text string) identity.Template {
	t.Helper()
	parsed, err := identity.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// refusal is the part of an error that clients see.
func refusal(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e := translator.AsError(err)
	if e.Status != map[translator.Kind]int{translator.KindMissingIdentity: 401, translator.KindNotPermitted: 403}[e.Kind] {
		t.Errorf("%s has the status %d", e.Kind, e.Status)
	}
	return string(e.Kind)
}

func TestIdentify(t *testing.T) {
	for name, c := range map[string]struct {
		policy identity.Policy
		said   said
		want   identity.Values
		kind   string
	}{
		"no sources": {identity.Policy{}, said{"initial user": {"ann"}}, identity.Values{}, ""},
		"no value is known": {
			identity.Policy{Sources: sources}, nil, identity.Values{"groups": {"none"}}, "",
		},
		"the metadata comes first": {
			identity.Policy{Sources: sources, Required: true},
			said{"metadata jwt/payload/sub": {"ann"}, "attribute source.principal": {"bob"}, "initial user": {"eve"}, "metadata jwt/payload/groups": {"a", "b"}},
			identity.Values{"user": {"ann"}, "groups": {"a", "b"}},
			"",
		},
		"attribute second": {
			identity.Policy{Sources: sources},
			said{"attribute source.principal": {"bob"}, "initial user": {"eve"}},
			identity.Values{"user": {"bob"}, "groups": {"none"}},
			"",
		},
		"gRPC metadata third": {
			identity.Policy{Sources: sources, Required: true},
			said{"initial user": {"eve"}},
			identity.Values{"user": {"eve"}, "groups": {"none"}},
			"",
		},
		"required and missing": {
			identity.Policy{Sources: sources, Required: true}, said{"metadata jwt/payload/groups": {"a"}}, nil, "missing_identity",
		},
		"no rule matches": {
			identity.Policy{Sources: sources, Rules: []identity.Rule{{Match: map[string]string{"user": "*"}}}}, nil, nil, "not_permitted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := c.policy.Identify(c.said)
			if kind := refusal(t, err); kind != c.kind {
				t.Errorf("%q, want %q", kind, c.kind)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The first rule that matches counts, by any item of a list.
func TestRules(t *testing.T) {
	policy := identity.Policy{Sources: sources, Rules: []identity.Rule{
		{Match: map[string]string{"user": "spiffe://*/ns/a/*", "groups": "admin"}, Backend: parse(t, "first")},
		{Match: map[string]string{"groups": "adm*n"}, Backend: parse(t, "second")},
		{Match: map[string]string{"groups": "none"}, Backend: parse(t, "third")},
	}}
	for _, c := range []struct {
		user   string
		groups []string
		want   string
	}{
		{"spiffe://x/ns/a/b", []string{"users", "admin"}, "first"},
		{"spiffe://x/ns/b/b", []string{"users", "admin"}, "second"},
		{"", []string{"admn"}, "second"},
		{"", nil, "third"},
		{"", []string{"users"}, ""},
	} {
		from := said{"metadata jwt/payload/groups": c.groups}
		if c.user != "" {
			from["attribute source.principal"] = []string{c.user}
		}
		_, rule, err := policy.Identify(from)
		if got := rule.Backend.Known(nil); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

func TestAllow(t *testing.T) {
	for _, c := range []struct {
		patterns []string
		model    string
		want     bool
	}{
		{nil, "anything", true},
		{[]string{}, "anything", false},
		{[]string{"fast", "us.anthropic.*"}, "fast", true},
		{[]string{"fast", "us.anthropic.*"}, "faster", false},
		{[]string{"us.anthropic.*"}, "us.anthropic.claude", true},
		{[]string{"us.anthropic.*"}, "us.anthropic.", true},
		{[]string{"us.anthropic.*"}, "eu.us.anthropic.claude", false},
		{[]string{"us.anthropic.*"}, "arn:aws:bedrock:us-east-1::foundation-model/us.anthropic.claude", false},
		{[]string{"arn:*/us.*"}, "arn:aws:bedrock:us-east-1::foundation-model/us.anthropic.claude", true},
		{[]string{"*"}, "", true},
		{[]string{"a*a"}, "a", false},
		{[]string{"a*b*c"}, "a-c-b-c", true},
		{[]string{"a*b*b"}, "ab", false},
		{[]string{"a*b*c"}, "a-c-b", false},
	} {
		err := identity.Rule{Models: c.patterns}.Allow(c.model)
		if kind := refusal(t, err); (kind == "") != c.want || kind != "" && kind != "not_permitted" {
			t.Errorf("%q of %q: %v", c.model, c.patterns, err)
		}
	}
}

func TestTemplates(t *testing.T) {
	texts := identity.Values{"team": {"search"}, "groups": {"a", "b"}}.Texts()
	for text, want := range map[string]string{
		"": "", "plain": "plain", "{team}": "search", "x-{team}-{groups}.": "x-search-a b.", "{team}{team}": "searchsearch",
	} {
		parsed := parse(t, text)
		needed, err := parsed.Needed(texts)
		if err != nil || needed != want || parsed.Known(texts) != want || parsed.String() != text {
			t.Errorf("%q: %q, %v, %q", text, needed, err, parsed.Known(texts))
		}
	}
	missing := parse(t, "a{nobody}b")
	if _, err := missing.Needed(texts); refusal(t, err) != "missing_identity" || !strings.Contains(err.Error(), `"nobody"`) {
		t.Error(err)
	}
	if got := missing.Known(texts); got != "ab" {
		t.Error(got)
	}
	if got := parse(t, "{a}b{c}").Names(); !slices.Equal(got, []string{"a", "c"}) {
		t.Error(got)
	}
	for _, broken := range []string{"{", "}", "a}b", "{}", "{a{b}}", "{a", "{a}}"} {
		if _, err := identity.Parse(broken); err == nil {
			t.Errorf("%q was read", broken)
		}
	}
}

func TestDefaults(t *testing.T) {
	texts := map[string]string{"user": "auth0|ann é", "long": strings.Repeat("x", 300)}
	all := identity.Defaults{
		RequestMetadata: map[string]identity.Template{
			"user": parse(t, "{user}"), "of": parse(t, "is {nobody}"), "long": parse(t, "{long}"), "signs": parse(t, "a_b @:$#=/+,-."),
		},
		Guardrail: &identity.Guardrail{ID: parse(t, "backend"), Trace: "enabled"},
	}
	got, err := all.For(texts, identity.Rule{})
	if diff := cmp.Diff(translator.Defaults{
		RequestMetadata: map[string]string{"user": "auth0_ann _", "of": "is ", "long": strings.Repeat("x", 256), "signs": "a_b @:$#=/+,-."},
		Guardrail:       &translator.Guardrail{ID: "backend", Trace: "enabled"},
	}, got, cmp.AllowUnexported(translator.Aliases{})); err != nil || diff != "" {
		t.Error(err, diff)
	}
	got, err = all.For(texts, identity.Rule{Guardrail: &identity.Guardrail{ID: parse(t, "rule"), Version: parse(t, "1")}})
	if diff := cmp.Diff(&translator.Guardrail{ID: "rule", Version: "1", Enforced: true}, got.Guardrail); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, g := range []identity.Guardrail{{ID: parse(t, "{nobody}")}, {ID: parse(t, "g"), Version: parse(t, "{nobody}")}} {
		if _, err := all.For(texts, identity.Rule{Guardrail: &g}); refusal(t, err) != "missing_identity" {
			t.Error(err)
		}
	}
}
