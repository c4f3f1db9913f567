// Package config reads the YAML file that says which Bedrock backends there are.
// What comes out is checked and immutable; cmd turns it into the settings of the
// packages that do the work.
package config

//go:generate go test . -run TestReference -update

import "time"

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
	// Models are names that clients may ask for, and the model ids or ARNs that they
	// stand for at this backend.
	Models map[string]string
	// Guardrail is used by requests that name none; nil for no guardrail.
	Guardrail *Guardrail
	// RequestMetadata are entries that every request to this backend carries. They
	// are templates.
	RequestMetadata map[string]string
	// EndpointURL replaces AWS's own endpoint.
	EndpointURL string
	// FIPS and DualStack choose among AWS's own endpoints.
	FIPS, DualStack bool
	// Profile, RoleARN (with ExternalID, SessionName and SessionTags) or the
	// environment variable BearerTokenEnv name the sidecar's identity at this backend,
	// in place of the AWS default chain. RoleARN, SessionName and SessionTags are
	// templates.
	Profile, RoleARN, ExternalID, SessionName, BearerTokenEnv string
	SessionTags                                               map[string]string
	// Fallback are the backends to ask when this one has failed, in this order.
	Fallback []string
	// Residency is a name for where data may go: fallbacks must have the same.
	Residency string
	// Timeouts are this backend's own; fields of 0 mean those of Extproc.
	Timeouts Timeouts
}

// A Guardrail names a guardrail of Bedrock. ID is required; ID and Version are
// templates.
type Guardrail struct {
	ID, Version string
	// Trace is "enabled", "disabled" or "enabled_full"; "" leaves it to Bedrock.
	Trace string
	// StreamMode is "sync" or "async", for streams; "" leaves it to Bedrock.
	StreamMode string
}

// Timeouts bound what a call waits for. 0 means the default, a negative duration
// no bound.
type Timeouts struct {
	// FirstEvent is until a stream's first event, in each attempt; 5 minutes.
	FirstEvent time.Duration
	// Reply is until a whole answer, in each attempt; 30 minutes.
	Reply time.Duration
	// Silence is between two events of a stream; 5 minutes.
	Silence time.Duration
	// Call is for everything; 1 hour.
	Call time.Duration
}

// Retry says how often a failed call is repeated before its first byte. 0 means
// the default.
type Retry struct {
	// Attempts is the most calls to one backend; 2.
	Attempts int
	// BaseDelay is the wait after the first failure, which doubles; 200 ms.
	BaseDelay time.Duration
	// MaxDelay bounds a wait; 2 seconds.
	MaxDelay time.Duration
	// Budget is how long after its beginning a call may begin an attempt; 10 seconds.
	Budget time.Duration
}

// CoolDown says how long a backend that refuses is left to its fallbacks.
type CoolDown struct {
	// First is the first pause, which doubles; 1 second.
	First time.Duration
	// Max bounds a pause; 30 seconds.
	Max time.Duration
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
	// FamiliesFile is a YAML file with rules of model families that come before the
	// built-in ones; "" has none. A relative path starts at the working directory.
	FamiliesFile string
	// Identity names what is known of callers, in the order of the file.
	Identity []Identity
	// RequireIdentity refuses calls without a value that has no default.
	RequireIdentity bool
	// Access says what callers may have; the first entry that matches counts. With
	// entries, those who match none have nothing.
	Access []Access
	// Timeouts are those of backends without their own.
	Timeouts Timeouts
	Retry    Retry
	CoolDown CoolDown
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
