package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator"
)

const policyFile = `
bedrock_extproc:
  identity:
    user: {metadata: [jwt, sub]}
    team: {attribute: team, default: none}
    tenant: {grpc_metadata: tenant, default: small}
  access:
    - match: {team: search}
      backend: "{tenant}"
      models: [fast, "us.*"]
      guardrail: {id: "gr-{team}", version: "1"}
    - match: {team: ops}
    - match: {team: none}
      backend: small
      models: [m]
providers:
  llm:
    default: small
    backends:
      small:
        backend: a.BedrockConverseProvider
        config: {default_model: m, request_metadata: {user: "{user}", fixed: x}, models: {fast: us.x}}
      large:
        backend: a.BedrockConverseProvider
        config: {default_model: l, guardrail: {id: gr-large, version: "1"}}
`

// said is what Envoy says, by name.
type said map[string]string

func (s said) Metadata(path []string) []string { return s.get(strings.Join(path, ".")) }
func (s said) Attribute(name string) []string  { return s.get(name) }
func (s said) Initial(name string) []string    { return s.get(name) }

func (s said) get(name string) []string {
	if text, ok := s[name]; ok {
		return []string{text}
	}
	return nil
}

func policyService(t *testing.T, text string) *service {
	t.Helper()
	cfg, err := config.Parse("policy.yaml", []byte(text), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(t.Context(), cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChoose(t *testing.T) {
	s := policyService(t, policyFile)
	for name, c := range map[string]struct {
		asked string
		said  said
		want  string // the backend's default model
		add   translator.Defaults
		kind  translator.Kind
	}{
		"everybody": {
			"large", nil, "m",
			translator.Defaults{RequestMetadata: map[string]string{"user": "", "fixed": "x"}, Models: map[string]string{"fast": "us.x"}},
			"",
		},
		"who may choose": {
			"large",
			said{"team": "ops", "jwt.sub": "ann"},
			"l",
			translator.Defaults{Guardrail: &translator.Guardrail{ID: "gr-large", Version: "1"}},
			"",
		},
		"who may choose, and does not": {
			"",
			said{"team": "ops", "jwt.sub": "ann"},
			"m",
			translator.Defaults{RequestMetadata: map[string]string{"user": "ann", "fixed": "x"}, Models: map[string]string{"fast": "us.x"}},
			"",
		},
		"whose backend is set": {
			"small",
			said{"team": "search", "tenant": "large"},
			"l",
			translator.Defaults{Guardrail: &translator.Guardrail{ID: "gr-search", Version: "1", Enforced: true}},
			"",
		},
		"whose backend is not there": {"small", said{"team": "search", "tenant": "huge"}, "", translator.Defaults{}, translator.KindUnknownBackend},
		"who matches nothing":        {"small", said{"team": "other"}, "", translator.Defaults{}, translator.KindNotPermitted},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := s.choose(c.asked, c.said)
			if err != nil || c.kind != "" {
				if e := translator.AsError(err); e == nil || e.Kind != c.kind {
					t.Errorf("%v, want %q", err, c.kind)
				}
				return
			}
			if b.DefaultModel() != c.want {
				t.Errorf("the backend with the model %q", b.DefaultModel())
			}
			if diff := cmp.Diff(c.add, b.Defaults()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A model that is not allowed is refused before AWS is asked, by either operation;
// one that is allowed gets as far as the lack of credentials.
func TestModelsOfACaller(t *testing.T) {
	s := policyService(t, policyFile+"allow_server_credentials: never\n")
	for model, want := range map[string]translator.Kind{
		"m": translator.KindNotPermitted, "us.x": translator.KindNoCredentials, "fast": translator.KindNoCredentials, "eu.x": translator.KindNotPermitted,
	} {
		b, err := s.choose("", said{"team": "search"})
		if err != nil {
			t.Fatal(err)
		}
		call := &translator.Call{Model: model}
		_, _, whole := b.Converse(context.Background(), call, translator.Caller{})
		_, _, streamed := b.ConverseStream(context.Background(), call, translator.Caller{})
		if translator.AsError(whole).Kind != want || translator.AsError(streamed).Kind != want {
			t.Errorf("%s: %v, %v", model, whole, streamed)
		}
	}
}

// The region is that of the backend which a rule names, whatever the caller says.
func TestRegionOfARule(t *testing.T) {
	bedrock := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer bedrock.Close()
	s := policyService(t, `
bedrock_extproc: {identity: {team: {attribute: team}}, access: [{match: {team: search}, backend: eu}, {match: {team: ops}}]}
providers: {llm: {default: eu, backends: {eu: {backend: a.BedrockConverseProvider, config: {region: eu-west-1, default_model: m, endpoint_url: "`+bedrock.URL+`"}}}}}
`)
	for team, want := range map[string]string{"search": "eu-west-1", "ops": "us-east-1"} {
		b, err := s.choose("", said{"team": team})
		if err != nil {
			t.Fatal(err)
		}
		caller := translator.Caller{AccessKeyID: "AKIDOWN", SecretAccessKey: "s", Region: "us-east-1"}
		if _, facts, err := b.Converse(t.Context(), &translator.Call{Model: "m"}, caller); err != nil || facts.Region != want {
			t.Errorf("%s: %+v, %v", team, facts, err)
		}
	}
}

// The values of a caller reach the templates of the sidecar's role.
func TestRoleOfACaller(t *testing.T) {
	s := policyService(t, `
bedrock_extproc: {identity: {team: {attribute: team}, tag: {attribute: tag}}}
providers: {llm: {backend: a.BedrockConverseProvider, config: {role_arn: "arn:aws:iam::1:role/{team}", session_tags: {t: "{tag}"}}}}
`)
	for from, want := range map[[2]string]translator.Kind{
		{"", "t"}: translator.KindMissingIdentity, {"a/b", "t"}: translator.KindNotPermitted,
		{"a", ""}: translator.KindMissingIdentity, {"a", "t|"}: translator.KindNotPermitted,
	} {
		b, err := s.choose("", said{"team": from[0], "tag": from[1]})
		if err != nil {
			t.Fatal(err)
		}
		call := &translator.Call{Model: "m"}
		_, _, whole := b.Converse(context.Background(), call, translator.Caller{})
		_, _, streamed := b.ConverseStream(context.Background(), call, translator.Caller{})
		if translator.AsError(whole).Kind != want || translator.AsError(streamed).Kind != want {
			t.Errorf("%q: %v, %v", from, whole, streamed)
		}
	}
}

// Without identity and access rules the backend's own settings count for everybody.
func TestNoPolicy(t *testing.T) {
	s := policyService(t, `providers: {llm: {backend: a.BedrockConverseProvider, config: {default_model: m, request_metadata: {team: x}, guardrail: {id: g}}}}`)
	b, err := s.choose("", said{"team": "search"})
	if err != nil || b.DefaultModel() != "m" {
		t.Fatalf("%v, %v", b, err)
	}
	want := translator.Defaults{Guardrail: &translator.Guardrail{ID: "g"}, RequestMetadata: map[string]string{"team": "x"}}
	if diff := cmp.Diff(want, b.Defaults()); diff != "" {
		t.Error(diff)
	}
}
