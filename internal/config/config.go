// Package config reads serve's YAML file into the settings of the packages that do
// the work: backends, access rules and the dialects. It is the first step of
// every command that takes -config.
//
// A table of keys defines everything that a file can contain: it decodes the file,
// and the reference page and the JSON schema are generated from it. Every problem of
// a file is reported with its line, also those that the other packages find.
package config

//go:generate go test . -run TestReference -update

import (
	"encoding/json"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/internal/price"
	"bedrock-extproc/translator/anthropic"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openai"
)

// Config has the settings of a file. It is read-only. Its zero value has no backends;
// Default is the configuration without a file.
type Config struct {
	// Bedrock are the backends in the order of the file. The caller adds Log, AppID and
	// the transport.
	Bedrock bedrock.Config
	// Policy says who may call, and what.
	Policy identity.Policy
	// Defaults are what a backend adds to requests, by its name. A backend that is
	// not in it adds nothing.
	Defaults map[string]identity.Defaults
	// MaxCalls bounds the calls in flight at a backend, by its name. A backend that is not
	// in it has no bound.
	MaxCalls map[string]int
	// Prices are those of models, for the costs of calls.
	Prices price.Table
	// Tenant is the name of the value of identity that metrics have as the label tenant,
	// "" for none.
	Tenant string
	// Settings are those that all dialects have in common. Only Load fills in Families.
	Settings converse.Settings
	// APIs are the names of the dialects that are served; nil means all.
	APIs []string
	// Chat configures the chat dialect.
	Chat chat.Config
	// OpenAI configures OpenAI's dialect.
	OpenAI openai.Config
	// Anthropic configures Anthropic's dialect.
	Anthropic anthropic.Config
	// FamiliesFile is where Load reads rules of model families from; "" for the
	// built-in rules alone. A relative path starts at the working directory.
	FamiliesFile string
	// Shown is the file as JSON for operators, without secrets and values of variables; nil
	// without a file.
	Shown json.RawMessage
	// Warnings name the parts of the file that this program ignores.
	Warnings []string
}

// Default is the configuration without a file: one backend, everything from the
// AWS environment.
func Default() *Config {
	return &Config{Bedrock: bedrock.Config{
		Default: bedrock.DefaultBackend, Backends: []bedrock.BackendConfig{{Name: bedrock.DefaultBackend}},
	}}
}

// backendNames lists the backends in the order of the file.
func (c *Config) backendNames() []string {
	names := make([]string, len(c.Bedrock.Backends))
	for i, b := range c.Bedrock.Backends {
		names[i] = b.Name
	}
	return names
}
