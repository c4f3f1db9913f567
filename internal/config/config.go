// Package config reads serve's YAML file into the settings of the packages that do
// the work: backends, access rules and the chat dialect. It is the first step of
// every command that takes -config.
//
// A table of keys is the only source of what a file can say: it decodes the file,
// and the reference page and the JSON schema are generated from it. Every problem
// of a file, also one that those packages find, is named with its line.
package config

//go:generate go test . -run TestReference -update

import (
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator/chat"
)

// Config is what a file says. It is read-only. Its zero value has no backends;
// Default is the configuration without a file.
type Config struct {
	// Bedrock are the backends in the order of the file. Log, AppID and the transport
	// are the caller's to add.
	Bedrock bedrock.Config
	// Policy says who may call, and what.
	Policy identity.Policy
	// Defaults are what a backend adds to requests, by its name. A backend that is
	// not in it adds nothing.
	Defaults map[string]identity.Defaults
	// Chat configures the chat dialect. Load alone fills in Families.
	Chat chat.Config
	// FamiliesFile is where Load reads rules of model families from; "" for the
	// built-in rules alone. A relative path starts at the working directory.
	FamiliesFile string
	// Warnings tell of what the file says and this program does not do.
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
