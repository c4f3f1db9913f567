package fakebedrock

import (
	"cmp"
	"slices"
	"time"
)

// The identities that a Server accepts by default. They are not secret.
const (
	DemoAccessKeyID     = "AKIDFAKEBEDROCK"
	DemoSecretAccessKey = "fake-bedrock-secret-key"

	// DemoSessionKeyID is a temporary access key with the same secret and
	// DemoSessionToken.
	DemoSessionKeyID = "ASIDFAKEBEDROCK"
	DemoSessionToken = "fake-bedrock-session-token"

	// DemoExpiredKeyID is like DemoSessionKeyID, but expired.
	DemoExpiredKeyID = "ASIDFAKEEXPIRED"

	// DemoBearerToken is a Bedrock API key.
	DemoBearerToken = "fake-bedrock-api-key"
)

const (
	defaultMinDelay  = time.Millisecond
	defaultKeepCalls = 1000
	maxBody          = 100 << 20
	maxClockSkew     = 5 * time.Minute
)

// Config configures a Server. The zero value verifies signatures and requests,
// accepts every region, and answers after MinDelay's default.
type Config struct {
	// Identities and BearerTokens are accepted. nil means the Demo ones.
	Identities   []Identity
	BearerTokens []string

	// AllowUnsigned accepts calls without an Authorization header.
	AllowUnsigned bool

	// Region is the only region that a signature may have. "" means any.
	Region string

	// LenientRoles accepts consecutive turns of the same role for every model, as the
	// service does for some.
	LenientRoles bool

	// SkipValidation accepts any JSON object as a request.
	SkipValidation bool

	// Pace is the time between the tokens of a stream.
	Pace time.Duration

	// MinDelay is the minimum time before a response. 0 means a millisecond; a negative
	// value means none. The AWS SDK for Go can break its own HTTP/1.1 connection if the
	// server answers faster.
	MinDelay time.Duration

	// Script chooses the behaviour of each call. It may be called concurrently. nil
	// means Request.Asked.
	Script func(*Request) Behaviour

	// Knobs are the default values of knobs. See the function Knobs.
	Knobs map[string]string

	// IgnoreKnobs ignores knobs in headers, metadata and model ids of requests.
	IgnoreKnobs bool

	// OnDone is called at the end of each call, after the last byte was written or the
	// client disconnected. It may be called concurrently and must not block for long.
	OnDone func(Call)

	// KeepCalls is the number of calls that Server.Calls returns. 0 means 1000; a
	// negative value means none. Fewer are kept if their bodies exceed 256 MiB.
	KeepCalls int

	// Now is the clock for signatures and the prompt cache. nil means time.Now.
	Now func() time.Time
}

// Identity is an accepted access key.
type Identity struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // "" for a long-term key, which must be sent without a token
	Expired         bool   // rejected as expired
}

func demoIdentities() []Identity {
	return []Identity{
		{AccessKeyID: DemoAccessKeyID, SecretAccessKey: DemoSecretAccessKey},
		{AccessKeyID: DemoSessionKeyID, SecretAccessKey: DemoSecretAccessKey, SessionToken: DemoSessionToken},
		{AccessKeyID: DemoExpiredKeyID, SecretAccessKey: DemoSecretAccessKey, SessionToken: DemoSessionToken, Expired: true},
	}
}

// withDefaults returns the configuration with defaults for zero values.
func (c Config) withDefaults() Config {
	if c.Identities == nil {
		c.Identities = demoIdentities()
	}
	if c.BearerTokens == nil {
		c.BearerTokens = []string{DemoBearerToken}
	}
	c.Identities, c.BearerTokens = slices.Clone(c.Identities), slices.Clone(c.BearerTokens)
	c.MinDelay = max(cmp.Or(c.MinDelay, defaultMinDelay), 0)
	c.KeepCalls = max(cmp.Or(c.KeepCalls, defaultKeepCalls), 0)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Script == nil {
		c.Script = func(r *Request) Behaviour { return r.Asked }
	}
	return c
}
