package gateway

import (
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
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

// said is what Envoy knows about a caller, by name.
type said map[string][]string

func (s said) Metadata(path []string) []string      { return s[strings.Join(path, ".")] }
func (s said) Attribute(name string) []string       { return s[name] }
func (s said) InitialMetadata(name string) []string { return s[name] }
func (s said) InitialNames() iter.Seq[string]       { return maps.Keys(s) }

func parse(t *testing.T, text string) *Gateway {
	t.Helper()
	cfg, err := config.Parse("gateway.yaml", []byte(text), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	backends, err := newBackends(t.Context(), cfg.Bedrock, Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGateway(cfg, backends, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// decode translates a request for a model, as extproc does.
func decode(t *testing.T, g *Gateway, target extproc.Target, model string) (*translator.Call, error) {
	t.Helper()
	endpoint, err := g.Find(http.MethodPost, chat.CompletionsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"model": %q, "messages": [{"role": "user", "content": "hi"}]}`, model)
	return target.Decode(endpoint.Dialect, translator.Request{Body: []byte(body)})
}

// calls sends a call by both operations, and returns their errors.
func calls(t *testing.T, target extproc.Target) []error {
	t.Helper()
	call := &translator.Call{Model: "m"}
	_, _, whole := target.Backend.Converse(t.Context(), call, target.Caller)
	_, _, streamed := target.Backend.ConverseStream(t.Context(), call, target.Caller)
	return []error{whole, streamed}
}

func TestTarget(t *testing.T) {
	g := parse(t, policyFile)
	for name, c := range map[string]struct {
		asked string
		said  said
		want  string // the backend's default model
		add   translator.Defaults
		kind  translator.Kind
	}{
		"everybody": {
			"large", nil, "m",
			translator.Defaults{RequestMetadata: map[string]string{"user": "", "fixed": "x"}, Models: translator.NewAliases(map[string]string{"fast": "us.x"})},
			"",
		},
		"free to choose": {
			"large",
			said{"team": {"ops"}, "jwt.sub": {"ann"}},
			"l",
			translator.Defaults{Guardrail: &translator.Guardrail{ID: "gr-large", Version: "1"}},
			"",
		},
		"free to choose, chooses none": {
			"",
			said{"team": {"ops"}, "jwt.sub": {"ann"}},
			"m",
			translator.Defaults{RequestMetadata: map[string]string{"user": "ann", "fixed": "x"}, Models: translator.NewAliases(map[string]string{"fast": "us.x"})},
			"",
		},
		"rule names the backend": {
			"small",
			said{"team": {"search"}, "tenant": {"large"}},
			"l",
			translator.Defaults{Guardrail: &translator.Guardrail{ID: "gr-search", Version: "1", Enforced: true}},
			"",
		},
		"rule names an unknown backend": {"small", said{"team": {"search"}, "tenant": {"huge"}}, "", translator.Defaults{}, translator.KindUnknownBackend},
		"no rule matches":               {"small", said{"team": {"other"}}, "", translator.Defaults{}, translator.KindNotPermitted},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := g.Target(c.asked, translator.Caller{}, c.said)
			if err != nil || c.kind != "" {
				if e := translator.AsError(err); e == nil || e.Kind != c.kind {
					t.Errorf("%v, want %q", err, c.kind)
				}
				return
			}
			if target.DefaultModel != c.want {
				t.Errorf("the backend with the model %q", target.DefaultModel)
			}
			if diff := cmp.Diff(c.add, target.Defaults, cmp.AllowUnexported(translator.Aliases{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A model that is not allowed is rejected with the translated request; one that is
// allowed fails later, for lack of credentials.
func TestModelsOfACaller(t *testing.T) {
	g := parse(t, policyFile+"allow_server_credentials: never\n")
	for model, allowed := range map[string]bool{"m": false, "us.x": true, "fast": true, "eu.x": false} {
		target, err := g.Target("", translator.Caller{}, said{"team": {"search"}})
		if err != nil {
			t.Fatal(err)
		}
		call, err := decode(t, g, target, model)
		if call == nil || call.Model != model {
			t.Errorf("%s: the call %+v", model, call)
		}
		if !allowed {
			if e := translator.AsError(err); e == nil || e.Kind != translator.KindNotPermitted {
				t.Errorf("%s: %v", model, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", model, err)
		}
		for _, err := range calls(t, target) {
			if translator.AsError(err).Kind != translator.KindNoCredentials {
				t.Errorf("%s: %v", model, err)
			}
		}
	}
}

// The region is that of the backend which a rule names, also if the caller asks for
// another.
func TestRegionOfARule(t *testing.T) {
	bedrock := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer bedrock.Close()
	g := parse(t, `
bedrock_extproc: {identity: {team: {attribute: team}}, access: [{match: {team: search}, backend: eu}, {match: {team: ops}}]}
providers: {llm: {default: eu, backends: {eu: {backend: a.BedrockConverseProvider, config: {region: eu-west-1, default_model: m, endpoint_url: "`+bedrock.URL+`"}}}}}
`)
	for team, want := range map[string]string{"search": "eu-west-1", "ops": "us-east-1"} {
		caller := translator.Caller{AccessKeyID: "AKIDOWN", SecretAccessKey: "s", Region: "us-east-1"}
		target, err := g.Target("", caller, said{"team": {team}})
		if err != nil {
			t.Fatal(err)
		}
		if _, facts, err := target.Backend.Converse(t.Context(), &translator.Call{Model: "m"}, target.Caller); err != nil || facts.Region != want {
			t.Errorf("%s: %+v, %v", team, facts, err)
		}
	}
}

// The values of a caller reach the templates of the sidecar's role.
func TestRoleOfACaller(t *testing.T) {
	g := parse(t, `
bedrock_extproc: {identity: {team: {attribute: team}, tag: {attribute: tag}}}
providers: {llm: {backend: a.BedrockConverseProvider, config: {role_arn: "arn:aws:iam::1:role/{team}", session_tags: {t: "{tag}"}}}}
`)
	for from, want := range map[[2]string]translator.Kind{
		{"", "t"}: translator.KindMissingIdentity, {"a/b", "t"}: translator.KindNotPermitted,
		{"a", ""}: translator.KindMissingIdentity, {"a", "t|"}: translator.KindNotPermitted,
	} {
		target, err := g.Target("", translator.Caller{}, said{"team": {from[0]}, "tag": {from[1]}})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range calls(t, target) {
			if translator.AsError(err).Kind != want {
				t.Errorf("%q: %v", from, err)
			}
		}
	}
}

// Without identity and access rules every caller has the backend's own defaults.
func TestNoPolicy(t *testing.T) {
	g := parse(t, `providers: {llm: {backend: a.BedrockConverseProvider, config: {default_model: m, request_metadata: {a: b}}}}`)
	caller := translator.Caller{AccessKeyID: "AKIDOWN", SecretAccessKey: "s", Region: "eu-west-1"}
	target, err := g.Target("", caller, said{})
	if err != nil {
		t.Fatal(err)
	}
	want := translator.Defaults{RequestMetadata: map[string]string{"a": "b"}}
	if diff := cmp.Diff(want, target.Defaults, cmpopts.EquateEmpty(), cmp.AllowUnexported(translator.Aliases{})); diff != "" || target.DefaultModel != "m" || !cmp.Equal(target.Caller, caller) {
		t.Errorf("%+v\n%s", target, diff)
	}
	if _, err := decode(t, g, target, "any"); err != nil {
		t.Error(err)
	}
}

// A backend that Envoy's configuration names answers in its own region.
func TestRegionOfARoute(t *testing.T) {
	g := parse(t, `providers: {llm: {default: us, backends: {us: {backend: a.BedrockConverseProvider}, eu: {backend: a.BedrockConverseProvider}}}}`)
	for name, c := range map[string]struct {
		said   said
		region string
	}{
		"nothing":               {nil, "ap-south-1"},
		"a backend":             {said{MetadataBackend: {"eu"}}, ""},
		"client may not choose": {said{MetadataClientChoice: {"ignore"}}, ""},
	} {
		target, err := g.Target("us", translator.Caller{AccessKeyID: "a", SecretAccessKey: "s", Region: "ap-south-1"}, c.said)
		if err != nil || target.Caller.Region != c.region || !target.Caller.HasKeys() {
			t.Errorf("%s: %+v, %v", name, target.Caller, err)
		}
	}
}

// A caller given to explain has the same target as one that Envoy identifies.
func TestTargetAs(t *testing.T) {
	g := parse(t, policyFile)
	for _, team := range []string{"search", "ops", "other", ""} {
		values, origin := identity.Values{"user": {"ann"}, "tenant": {"large"}}, said{"jwt.sub": {"ann"}, "tenant": {"large"}}
		if team != "" {
			values["team"], origin["team"] = []string{team}, []string{team}
		}
		want, wantErr := g.Target("", translator.Caller{}, origin)
		backend, got, err := g.TargetAs(values, "")
		if diff := cmp.Diff(translator.AsError(wantErr), translator.AsError(err)); diff != "" {
			t.Errorf("%s: %s", team, diff)
		}
		if err != nil {
			continue
		}
		same := cmp.Equal(want.Defaults, got.Defaults, cmp.AllowUnexported(translator.Aliases{})) && cmp.Equal(want.Caller, got.Caller) && want.DefaultModel == got.DefaultModel
		if !same || got.Backend != extproc.Backend(backend) || want.Backend != got.Backend {
			t.Errorf("%s: %+v, want %+v", team, got, want)
		}
	}
}

// A route that sets what the sidecar does not have is the operator's fault, and no call
// is answered by another backend in its place.
func TestMisconfiguredRoutes(t *testing.T) {
	g := parse(t, `
providers: {llm: {default: us, backends: {us: {backend: a.BedrockConverseProvider}, eu: {backend: a.BedrockConverseProvider}}}}
bedrock_extproc: {identity: {tenant: {grpc_metadata: bedrock-tenant, default: none}}}
`)
	for name, c := range map[string]struct {
		origin said
		asked  string
		want   translator.Kind
	}{
		"a backend":                 {said{MetadataBackend: {"eu"}}, "", ""},
		"an identity":               {said{"bedrock-tenant": {"a"}}, "", ""},
		"metadata of others":        {said{"user-agent": {"envoy"}, "x-bedrock": {"y"}}, "", ""},
		"an unknown backend":        {said{MetadataBackend: {"asia"}}, "", translator.KindRoute},
		"an underscore":             {said{"bedrock_backend": {"eu"}}, "", translator.KindRoute},
		"a letter too many":         {said{"bedrock-backends": {"eu"}}, "", translator.KindRoute},
		"a setting of no version":   {said{"bedrock-model": {"m"}}, "", translator.KindRoute},
		"the client's unknown name": {said{}, "asia", translator.KindUnknownBackend},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := g.Target(c.asked, translator.Caller{}, c.origin)
			got := translator.Kind("")
			if err != nil {
				got = translator.AsError(err).Kind
			}
			if got != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
