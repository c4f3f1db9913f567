package goldentest

import (
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// Settings are the settings of a case that every dialect has. A dialect embeds them.
type Settings struct {
	Translation   string            `json:"translation"`
	DefaultModel  string            `json:"default_model"`
	ModelFamilies map[string]string `json:"model_families"`
	// The backend's configuration.
	Models          map[string]string     `json:"models"`
	Guardrail       *translator.Guardrail `json:"guardrail"`
	RequestMetadata map[string]string     `json:"request_metadata"`
}

// NewSettings are those of a case without settings.json.
func NewSettings() Settings {
	return Settings{DefaultModel: "us.anthropic.claude-sonnet-4-20250514-v1:0"}
}

// Converse are the settings that a dialect is made with.
func (s Settings) Converse(t testing.TB) converse.Settings {
	t.Helper()
	mode, ok := map[string]converse.Mode{"": converse.Repair, "strict": converse.Strict, "passthrough": converse.Passthrough}[s.Translation]
	if !ok {
		t.Fatalf("unknown translation %q", s.Translation)
	}
	return converse.Settings{ModelFamilies: s.ModelFamilies, Mode: mode}
}

// Request is the request of a case, with that body.
func (s Settings) Request(body []byte) translator.Request {
	return translator.Request{
		DefaultModel: s.DefaultModel, Body: body,
		Defaults: translator.Defaults{Models: translator.NewAliases(s.Models), Guardrail: s.Guardrail, RequestMetadata: s.RequestMetadata},
	}
}
