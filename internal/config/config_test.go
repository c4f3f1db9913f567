package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/internal/price"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/converse"
)

// noEnv is an environment without variables.
func noEnv(string) (string, bool) { return "", false }

func TestLoadAcceptsTheReferencesFiles(t *testing.T) {
	us := bedrock.BackendConfig{Name: "bedrock-us", Region: "us-east-1", DefaultModel: "us.anthropic.claude-sonnet-4-20250514-v1:0"}
	eu := bedrock.BackendConfig{Name: "bedrock-eu", Region: "eu-west-1", DefaultModel: "eu.anthropic.claude-sonnet-4-20250514-v1:0"}
	one := us
	one.Name = "default"
	for file, want := range map[string]bedrock.Config{
		"one_region.yaml":  {Default: "default", Backends: []bedrock.BackendConfig{one}},
		"two_regions.yaml": {Default: "bedrock-us", Backends: []bedrock.BackendConfig{us, eu}},
	} {
		cfg, err := Read(filepath.Join("testdata/good", file), noEnv)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(want, cfg.Bedrock); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		if len(cfg.Warnings) > 0 {
			t.Errorf("%s: warnings %q", file, cfg.Warnings)
		}
	}
}

// TestEverySetting reads a file with all settings.
func TestEverySetting(t *testing.T) {
	got, err := Read("testdata/good/everything.yaml", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	parsed := func(text string) identity.Template {
		t.Helper()
		parsed, err := identity.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	want := &Config{
		Bedrock: bedrock.Config{
			Default: "us",
			Backends: []bedrock.BackendConfig{
				{
					Name: "us", Region: "us-east-1", DefaultModel: "m", Models: map[string]string{"fast": "us.amazon.nova-micro-v1:0"}, FIPS: true, DualStack: true,
					Identity: awsauth.Identity{
						RoleARN: parsed("arn:aws:iam::123456789012:role/r"), ExternalID: "e", SessionName: parsed("s-{user}"),
						SessionTags: map[string]identity.Template{"team": parsed("{team}")}, BearerTokenEnv: "TOKEN", Profile: "p",
					},
					Fallback: []string{"eu"}, Residency: "any",
					Limits: bedrock.Limits{FirstEvent: time.Minute, Reply: 2 * time.Minute, Silence: 3 * time.Minute, Call: -time.Second},
				},
				{Name: "eu", EndpointURL: "https://bedrock.example", Residency: "any"},
			},
			ServerCredentials: bedrock.ServerNever,
			Limits:            bedrock.Limits{FirstEvent: 4 * time.Minute},
			Retry:             bedrock.Retry{Attempts: 3, BaseDelay: time.Second, MaxDelay: 2 * time.Second, Budget: 5 * time.Second},
			CoolDown:          bedrock.CoolDown{First: time.Second, Max: 9 * time.Second},
		},
		Defaults: map[string]identity.Defaults{
			"us": {
				Guardrail:       &identity.Guardrail{ID: parsed("g"), Version: parsed("1"), Trace: "enabled", StreamMode: "async"},
				RequestMetadata: map[string]identity.Template{"team": parsed("x-{team}")},
			},
			"eu": {},
		},
		MaxCalls: map[string]int{"us": 100},
		Prices: price.NewTable("EUR", map[string]translator.Price{
			"m": {Input: 3_000_000, Output: 15_000_000, CacheRead: 1, CacheWrite: 2_000_000_000},
		}),
		Tenant:       "team",
		APIs:         []string{"gateway"},
		Settings:     converse.Settings{Mode: converse.Strict, ModelFamilies: map[string]string{"arn:x": "claude"}},
		Chat:         chat.Config{ToolUseDeltas: chat.DeltasAlways},
		FamiliesFile: "f.yaml",
		Policy: identity.Policy{
			Required: true,
			Sources: []identity.Source{
				{Name: "user", Metadata: []string{"envoy.filters.http.jwt_authn", "jwt_payload", "sub"}},
				{Name: "team", Attribute: "source.principal", InitialMetadata: "bedrock-team", Default: "none"},
			},
			Rules: []identity.Rule{
				{
					Match: map[string]string{"team": "a*", "user": "u"}, Backend: parsed("{team}"), Models: []string{"m", "fast"},
					Guardrail: &identity.Guardrail{ID: parsed("g-{team}"), Version: parsed("2")},
				},
				{Backend: parsed("eu")},
			},
			CallerLimit: identity.CallerLimit{Value: "user", MaxCalls: 10},
		},
	}
	got.Shown = nil // see TestShown
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWords reads each word of the keys that accept only certain words.
func TestWords(t *testing.T) {
	type words struct {
		server      bedrock.ServerCredentials
		translation converse.Mode
		deltas      chat.ToolUseDeltas
		failed      chat.FailedStreams
		early       chat.EarlyErrors
	}
	for text, want := range map[string]words{
		"":                                   {},
		"allow_server_credentials: never":    {server: bedrock.ServerNever},
		"allow_server_credentials: fallback": {server: bedrock.ServerFallback},
		"allow_server_credentials: always":   {server: bedrock.ServerFallback},
		"allow_server_credentials: false":    {server: bedrock.ServerNever},
		"allow_server_credentials: true":     {server: bedrock.ServerFallback},
		"bedrock_extproc: {translation: repair, tool_use_deltas: auto}":       {translation: converse.Repair, deltas: chat.DeltasAuto},
		"bedrock_extproc: {translation: strict, tool_use_deltas: always}":     {translation: converse.Strict, deltas: chat.DeltasAlways},
		"bedrock_extproc: {translation: passthrough, tool_use_deltas: never}": {translation: converse.Passthrough, deltas: chat.DeltasNever},
		"bedrock_extproc: {failed_streams: auto, early_errors: status}":       {},
		"bedrock_extproc: {failed_streams: event, early_errors: event}":       {failed: chat.FailedEvent, early: chat.EarlyEvent},
		"bedrock_extproc: {failed_streams: reset}":                            {failed: chat.FailedReset},
		"bedrock_extproc: {failed_streams: stop_error}":                       {failed: chat.FailedStopError},
	} {
		cfg, err := Parse("c.yaml", []byte(text), noEnv)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := (words{cfg.Bedrock.ServerCredentials, cfg.Settings.Mode, cfg.Chat.ToolUseDeltas, cfg.Chat.FailedStreams, cfg.Chat.EarlyErrors}); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// TestBrokenFiles reads each file's expected problems from its last lines.
func TestBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(text)) {
				if w, ok := strings.CutPrefix(line, "# want "); ok {
					want = append(want, strings.TrimSpace(w))
				}
			}
			_, err = Parse("config.yaml", text, noEnv)
			if err == nil {
				t.Fatal("was accepted")
			}
			if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	env := func(key string) (string, bool) {
		value, ok := map[string]string{"SET": "value", "EMPTY": ""}[key]
		return value, ok
	}
	for in, want := range map[string]string{
		"a ${SET} b":         "a value b",
		"a $SET/b":           "a value/b",
		"${SET:=x}":          "value",
		"${UNSET:=x}":        "x",
		"${UNSET:-x y}":      "x y",
		"${UNSET:=}":         "",
		"${EMPTY:=x}":        "",
		"${UNSET} and $NONE": "${UNSET} and $NONE",
		"cost: 5$ or ${}":    "cost: 5$ or ${}",
		"${SET}${SET:-x}":    "valuevalue",
	} {
		if got := string(expand([]byte(in), env)); got != want {
			t.Errorf("expand(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseIgnoresOtherSectionsWithOneWarning(t *testing.T) {
	cfg, err := Parse("c.yaml", []byte(`
host: 0.0.0.0
providers:
  memory: {backend: mem0}
  llm:
    backend: a.b.BedrockConverseProvider
  tools: {}
agents: {specs: {}}
allow_server_credentials: false
bedrock_extproc:
  translation: strict
  tool_use_deltas: never
  model_families: {"arn:x": claude}
`), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Bedrock: bedrock.Config{
			Default: "default", Backends: []bedrock.BackendConfig{{Name: "default"}}, ServerCredentials: bedrock.ServerNever,
		},
		Defaults: map[string]identity.Defaults{"default": {}},
		Settings: converse.Settings{Mode: converse.Strict, ModelFamilies: map[string]string{"arn:x": "claude"}},
		Chat:     chat.Config{ToolUseDeltas: chat.DeltasNever},
		Warnings: []string{"ignored, because this program serves providers.llm only: host, providers.memory, providers.tools, agents"},
	}
	cfg.Shown = nil // see TestShown
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseSaysWhatEnvoyDoesInstead(t *testing.T) {
	cfg, err := Parse("c.yaml", []byte("cors_origins: [\"https://app.example\"]\nport: 8000\nauth: {backend: jwt}\n"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ignored, because this program serves providers.llm only: cors_origins, port, auth" +
		"; cors_origins: list them in Envoy's cors filter, as in examples/envoy/browser" +
		"; auth: let Envoy authenticate callers, as in examples/envoy/secure"}
	if diff := cmp.Diff(want, cfg.Warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n"} {
		cfg, err := Parse("c.yaml", []byte(text), noEnv)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if diff := cmp.Diff(Default(), cfg); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestLoadNamesAMissingFile(t *testing.T) {
	if _, err := Read("testdata/none.yaml", noEnv); err == nil || !strings.Contains(err.Error(), "testdata/none.yaml") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/broken/*.yaml", "testdata/good/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil {
				f.Add(text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := Parse("c.yaml", text, noEnv)
		if err == nil && len(cfg.Bedrock.Backends) == 0 {
			t.Error("accepted without a backend")
		}
	})
}
