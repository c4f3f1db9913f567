// Package config reads the YAML file that says which Bedrock backends there are.
// What comes out is checked and immutable; cmd turns it into the settings of the
// packages that do the work.
package config

// DefaultBackend is the name of a backend that the file does not name.
const DefaultBackend = "default"

// Config is the whole configuration. Its zero value is not valid; Default is
// what an empty file means.
type Config struct {
	// LLM is the section providers.llm.
	LLM LLM
	// ServerCredentials is allow_server_credentials: "never", "fallback" (the
	// default) or "always".
	ServerCredentials string
	// Extproc is the section bedrock_extproc: this program's own settings.
	Extproc Extproc
	// Warnings tell of what the file says and this program does not do.
	Warnings []string
}

// LLM lists the backends in the order of the file.
type LLM struct {
	// Default is the name of the backend that serves calls which name none.
	Default  string
	Backends []Backend
}

// A Backend is a region of Bedrock. Empty fields mean what the AWS environment
// says.
type Backend struct {
	Name string
	// Region is an AWS region such as "eu-west-1".
	Region string
	// DefaultModel is the model id for requests that name none.
	DefaultModel string
	// EndpointURL replaces AWS's own endpoint.
	EndpointURL string
}

// Extproc holds what the reference's file has no place for.
type Extproc struct {
	// Translation is "repair" (the default), "strict" or "passthrough".
	Translation string
	// ToolUseDeltas is "auto" (the default), "always" or "never".
	ToolUseDeltas string
	// ModelFamilies names the family of models whose id does not tell, such as
	// the ARN of an inference profile.
	ModelFamilies map[string]string
}

// Default is the configuration without a file: one backend, everything from the
// AWS environment.
func Default() *Config {
	return &Config{
		LLM:               LLM{Default: DefaultBackend, Backends: []Backend{{Name: DefaultBackend}}},
		ServerCredentials: "fallback",
		Extproc:           Extproc{Translation: "repair", ToolUseDeltas: "auto"},
	}
}
