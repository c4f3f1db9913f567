package bedrock

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/auth/bearer"
	"go.uber.org/zap"

	"bedrock-extproc/internal/identity"
)

// bearerVariable is the environment variable of an API key that the SDK reads.
const bearerVariable = "AWS_BEARER_TOKEN_BEDROCK"

// defaultSessionName is the name of the sessions of assumed roles.
const defaultSessionName = "bedrock-extproc"

// An Identity says as whom the sidecar calls AWS for callers without keys. The
// first that is given counts: BearerTokenEnv, then RoleARN, then Profile, then
// AWS_BEARER_TOKEN_BEDROCK, then the AWS default chain, which is also that of the
// zero value. A caller's own keys come before all of them.
//
// Each combination of values that RoleARN, SessionName and SessionTags name is a
// session of its own.
type Identity struct {
	// BearerTokenEnv names the environment variable that holds a Bedrock API key.
	// It must be set when the backends are made.
	BearerTokenEnv string
	// RoleARN is assumed, by the identity of Profile or of the default chain, at
	// the regional STS endpoint.
	RoleARN identity.Template
	// ExternalID goes with RoleARN where the role asks for one. "" sends none.
	ExternalID string
	// SessionName goes with RoleARN. "" means "bedrock-extproc".
	SessionName identity.Template
	// SessionTags go with RoleARN.
	SessionTags map[string]identity.Template
	// Profile is a name in the AWS configuration files. "" means AWS_PROFILE.
	Profile string
}

// An account is an identity as far as its credentials go: the key by which they
// are shared among backends. tags are key=value pairs, escaped as in a URL.
type account struct{ profile, role, externalID, session, tags, region string }

// accounts loads each profile and makes each identity once.
type accounts struct {
	log      *zap.Logger
	profiles map[string]aws.Config
	own      map[account]*ownCredentials
}

// profile loads the AWS configuration of that profile, "" for the default.
func (a *accounts) profile(ctx context.Context, name string) (aws.Config, error) {
	if cfg, ok := a.profiles[name]; ok {
		return cfg, nil
	}
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(sdkLog(a.log))}
	if name != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(name))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	cfg.Region = cmp.Or(cfg.Region, DefaultRegion)
	a.profiles[name] = cfg
	return cfg, nil
}

// config is the AWS configuration of a backend, with its region and credentials.
func (a *accounts) config(ctx context.Context, c BackendConfig) (aws.Config, owner, error) {
	cfg, err := a.profile(ctx, c.Identity.Profile)
	if err != nil {
		return cfg, nil, err
	}
	cfg.Region = cmp.Or(c.Region, cfg.Region)
	if c.Identity.RoleARN.IsZero() || c.Identity.BearerTokenEnv != "" {
		own := a.shared(account{profile: c.Identity.Profile}, func() chain { return cached(cfg.Credentials) })
		cfg.Credentials = own
		return cfg, own, nil
	}
	role := newRole(cfg, c)
	if role.varies() {
		cfg.Credentials = nil // each call brings its own
		return cfg, newSessions(role), nil
	}
	key, err := role.account(nil)
	if err != nil {
		return cfg, nil, err
	}
	own := a.shared(key, func() chain { return role.assume(key) })
	cfg.Credentials = own
	return cfg, own, nil
}

// shared returns the credentials of an account, which are made once.
func (a *accounts) shared(key account, source func() chain) *ownCredentials {
	own, ok := a.own[key]
	if !ok {
		own = &ownCredentials{chain: source()}
		a.own[key] = own
	}
	return own
}

func cached(p aws.CredentialsProvider) chain {
	if cache, ok := p.(*aws.CredentialsCache); ok {
		return cache
	}
	return aws.NewCredentialsCache(p)
}

func fips(c BackendConfig, environment aws.FIPSEndpointState) aws.FIPSEndpointState {
	if c.FIPS {
		return aws.FIPSEndpointStateEnabled
	}
	return environment
}

func dualStack(c BackendConfig, environment aws.DualStackEndpointState) aws.DualStackEndpointState {
	if c.DualStack {
		return aws.DualStackEndpointStateEnabled
	}
	return environment
}

// configure sets how calls of the sidecar's own are signed. The client has read
// bearerVariable before.
func (i Identity) configure(o *bedrockruntime.Options) {
	switch {
	case i.BearerTokenEnv != "":
		token := os.Getenv(i.BearerTokenEnv)
		o.BearerAuthTokenProvider = bearer.TokenProviderFunc(func(context.Context) (bearer.Token, error) {
			return bearer.Token{Value: token}, nil
		})
		o.AuthSchemePreference = []string{"httpBearerAuth"}
	case !i.RoleARN.IsZero() || i.Profile != "":
		o.AuthSchemePreference = []string{"sigv4"}
	}
}

// check reports a bearer token that is missing, or that would go unencrypted.
func (i Identity) check(endpoint *string) error {
	variable := i.BearerTokenEnv
	if variable == "" && i.RoleARN.IsZero() && i.Profile == "" && os.Getenv(bearerVariable) != "" {
		variable = bearerVariable
	}
	switch {
	case variable == "":
	case os.Getenv(variable) == "":
		return fmt.Errorf("the environment variable %s, which is to hold the bearer token, is not set", variable)
	case endpoint != nil && strings.HasPrefix(*endpoint, "http://"):
		return fmt.Errorf("the bearer token of %s would be sent to %s in the clear: use an https endpoint or other credentials", variable, *endpoint)
	}
	return nil
}
