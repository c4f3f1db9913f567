package fakebedrock

import (
	"cmp"
	"slices"
	"time"
)

// The identities that a Server knows when its Config names none. They are no
// secrets and open nothing.
const (
	DemoAccessKeyID     = "AKIDFAKEBEDROCK"
	DemoSecretAccessKey = "fake-bedrock-secret-key"

	// DemoSessionKeyID is a temporary identity with the same secret key.
	DemoSessionKeyID = "ASIDFAKEBEDROCK"
	DemoSessionToken = "fake-bedrock-session-token"

	// DemoExpiredKeyID is DemoSessionKeyID after its time.
	DemoExpiredKeyID = "ASIDFAKEEXPIRED"

	// DemoBearerToken is an API key.
	DemoBearerToken = "fake-bedrock-api-key"
)

const (
	defaultMinDelay  = time.Millisecond
	defaultKeepCalls = 1000
	maxBody          = 100 << 20
	maxClockSkew     = 5 * time.Minute
)

// Config says how a Server behaves. The zero value verifies signatures and
// requests, takes every region, and answers as fast as a client can stand.
type Config struct {
	// Identities and BearerTokens may call. nil means the Demo ones.
	Identities   []Identity
	BearerTokens []string

	// AllowUnsigned lets a call in that has no Authorization header at all.
	AllowUnsigned bool

	// Region is the only one that a signature may name. "" means any.
	Region string

	// LenientRoles takes turns of the same role in a row, as the service does for
	// some models.
	LenientRoles bool

	// SkipValidation takes any JSON object as a request.
	SkipValidation bool

	// Pace is the wait between the tokens of a stream.
	Pace time.Duration

	// MinDelay is the least time before a response. 0 means a millisecond; less
	// than 0 none. The AWS SDK for Go can break its own connection when a peer
	// answers HTTP/1.1 faster than that.
	MinDelay time.Duration

	// Script decides what a call meets. It may be called concurrently. nil means
	// what the request asks for itself: Request.Asked.
	Script func(*Request) Behaviour

	// Knobs are the values of knobs that no request sets. See the variable of
	// that name.
	Knobs map[string]string

	// IgnoreKnobs leaves the headers, metadata and model ids of requests alone.
	IgnoreKnobs bool

	// OnDone is told of each call's end, after the last byte was written or the
	// client has left. It may be called concurrently, and must not block for long.
	OnDone func(Call)

	// KeepCalls is how many of the latest calls Server.Calls returns. 0 means
	// 1000; less than 0 none. Bodies above 256 MiB together are let go earlier.
	KeepCalls int

	// Now is the clock that signatures are checked by. nil means time.Now.
	Now func() time.Time
}

// Identity is an access key that may call.
type Identity struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // "": a long-term key, which must come without a token
	Expired         bool   // refused as a token after its time
}

func demoIdentities() []Identity {
	return []Identity{
		{AccessKeyID: DemoAccessKeyID, SecretAccessKey: DemoSecretAccessKey},
		{AccessKeyID: DemoSessionKeyID, SecretAccessKey: DemoSecretAccessKey, SessionToken: DemoSessionToken},
		{AccessKeyID: DemoExpiredKeyID, SecretAccessKey: DemoSecretAccessKey, SessionToken: DemoSessionToken, Expired: true},
	}
}

// withDefaults returns the configuration with every zero value filled in.
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
