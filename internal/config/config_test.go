package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noEnv is an environment without variables.
func noEnv(string) (string, bool) { return "", false }

func TestLoadAcceptsTheReferencesFiles(t *testing.T) {
	us := Backend{Name: "bedrock-us", Region: "us-east-1", DefaultModel: "us.anthropic.claude-sonnet-4-20250514-v1:0"}
	eu := Backend{Name: "bedrock-eu", Region: "eu-west-1", DefaultModel: "eu.anthropic.claude-sonnet-4-20250514-v1:0"}
	one := us
	one.Name = "default"
	for file, want := range map[string]LLM{
		"one_region.yaml":  {Default: "default", Backends: []Backend{one}},
		"two_regions.yaml": {Default: "bedrock-us", Backends: []Backend{us, eu}},
	} {
		cfg, err := Load(filepath.Join("testdata/good", file), noEnv)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(want, cfg.LLM); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		if cfg.ServerCredentials != "fallback" || len(cfg.Warnings) > 0 {
			t.Errorf("%s: server credentials %q, warnings %q", file, cfg.ServerCredentials, cfg.Warnings)
		}
	}
}

// TestEverySetting reads a file with all of them.
func TestEverySetting(t *testing.T) {
	got, err := Load("testdata/good/everything.yaml", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		LLM: LLM{Default: "us", Backends: []Backend{{
			Name: "us", Region: "us-east-1", DefaultModel: "m", Models: map[string]string{"fast": "us.amazon.nova-micro-v1:0"},
			EndpointURL: "https://bedrock.example", FIPS: true, DualStack: true, Profile: "p",
			RoleARN: "arn:aws:iam::123456789012:role/r", ExternalID: "e", SessionName: "s-{user}", SessionTags: map[string]string{"team": "{team}"}, BearerTokenEnv: "TOKEN",
			Guardrail:       &Guardrail{ID: "g", Version: "1", Trace: "enabled", StreamMode: "async"},
			RequestMetadata: map[string]string{"team": "x-{team}"},
			Fallback:        []string{"eu"}, Residency: "any",
			Timeouts: Timeouts{FirstEvent: time.Minute, Reply: 2 * time.Minute, Silence: 3 * time.Minute, Call: -time.Second},
		}, {Name: "eu"}}},
		ServerCredentials: "fallback",
		Extproc: Extproc{
			Translation: "strict", ToolUseDeltas: "always", ModelFamilies: map[string]string{"arn:x": "claude"}, FamiliesFile: "f.yaml",
			Timeouts:        Timeouts{FirstEvent: 4 * time.Minute},
			Retry:           Retry{Attempts: 3, BaseDelay: time.Second, MaxDelay: 2 * time.Second, Budget: 5 * time.Second},
			CoolDown:        CoolDown{First: time.Second, Max: 9 * time.Second},
			RequireIdentity: true,
			Identity: []Identity{
				{Name: "user", Metadata: []string{"envoy.filters.http.jwt_authn", "jwt_payload", "sub"}},
				{Name: "team", Attribute: "source.principal", GRPCMetadata: "bedrock-team", Default: "none"},
			},
			Access: []Access{
				{
					Match: map[string]string{"team": "a*", "user": "u"}, Backend: "{team}", Models: []string{"m", "fast"},
					Guardrail: &Guardrail{ID: "g-{team}", Version: "2"},
				},
				{Backend: "eu"},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
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
		LLM:               LLM{Default: "default", Backends: []Backend{{Name: "default"}}},
		ServerCredentials: "never",
		Extproc:           Extproc{Translation: "strict", ToolUseDeltas: "never", ModelFamilies: map[string]string{"arn:x": "claude"}},
		Warnings:          []string{"ignored, since this program serves providers.llm only: host, providers.memory, providers.tools, agents"},
	}
	if diff := cmp.Diff(want, cfg); diff != "" {
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
	if _, err := Load("testdata/none.yaml", noEnv); err == nil || !strings.Contains(err.Error(), "testdata/none.yaml") {
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
		if err == nil && len(cfg.LLM.Backends) == 0 {
			t.Error("accepted without a backend")
		}
	})
}
