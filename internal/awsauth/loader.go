package awsauth

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"go.uber.org/zap"

	"bedrock-extproc/internal/cause"
)

// A Loader reads the AWS environment and profiles. It loads each profile once, and
// Authenticators of one Loader share the credentials of one identity. It is used by
// one goroutine, while backends are set up.
type Loader struct {
	defaultRegion string
	log           *zap.Logger
	profiles      map[string]aws.Config
	shared        map[credentialsKey]*sidecarCredentials
}

// NewLoader returns a Loader. defaultRegion is used if neither the environment nor
// the profile names a region; log receives the SDK's own messages.
func NewLoader(defaultRegion string, log *zap.Logger) *Loader {
	return &Loader{
		defaultRegion: defaultRegion, log: log,
		profiles: map[string]aws.Config{}, shared: map[credentialsKey]*sidecarCredentials{},
	}
}

// Profile returns the AWS configuration of a profile, of AWS_PROFILE for "". Its
// region is never empty. It makes no network call.
func (l *Loader) Profile(ctx context.Context, name string) (aws.Config, error) {
	if cfg, ok := l.profiles[name]; ok {
		return cfg, nil
	}
	client := awshttp.NewBuildableClient().WithTimeout(attemptTimeout).WithTransportOptions(func(t *http.Transport) { t.OnProxyConnectResponse = cause.CheckProxy })
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(sdkLog(l.log)), awsconfig.WithHTTPClient(client), awsconfig.WithRetryer(newRetryer)}
	if name != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(name))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	cfg.Region = cmp.Or(cfg.Region, l.defaultRegion)
	l.profiles[name] = cfg
	return cfg, nil
}

// attemptTimeout bounds each HTTP request for credentials. The SDK's cache does not
// cancel a fetch that nobody waits for any more, and later calls join it: without a
// bound, a request that the network has lost would outlive the outage.
const attemptTimeout = 2 * time.Second

// maxBackoff keeps the SDK's repetitions, of which it makes two, well within
// fetchTimeout: otherwise their cause would be lost.
const maxBackoff = 500 * time.Millisecond

// newRetryer is for the calls that fetch credentials. AWS_MAX_ATTEMPTS sets their
// number.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxBackoff = maxBackoff
		if env, err := awsconfig.NewEnvConfig(); err == nil && env.RetryMaxAttempts > 0 {
			o.MaxAttempts = env.RetryMaxAttempts
		}
	})
}

// An Endpoint is the region that a backend calls, and which of its public endpoints
// STS is called at.
type Endpoint struct {
	// Region "" means the profile's.
	Region string
	// FIPS and DualStack false leave the choice to the environment.
	FIPS      bool
	DualStack bool
}

// Authenticator returns the Authenticator of a backend. It makes no network call.
func (l *Loader) Authenticator(ctx context.Context, id Identity, e Endpoint) (*Authenticator, error) {
	cfg, err := l.Profile(ctx, id.Profile)
	if err != nil {
		return nil, err
	}
	cfg.Region = cmp.Or(e.Region, cfg.Region)
	sidecar, err := l.credentials(cfg, id, e)
	if err != nil {
		return nil, err
	}
	cfg.Credentials = nil // each call brings its Principal's
	return newAuthenticator(cfg, id, e, sidecar), nil
}

// credentials returns the source of an identity's credentials.
func (l *Loader) credentials(cfg aws.Config, id Identity, e Endpoint) (credentialsSource, error) {
	if id.RoleARN.IsZero() || id.BearerTokenEnv != "" {
		return l.once(credentialsKey{profile: id.Profile}, func() credentialsCache { return cached(cfg.Credentials) }), nil
	}
	role := newRole(cfg, id, e)
	role.log = l.log
	if role.dependsOnCaller() {
		return newRoleSessions(role), nil
	}
	key, err := role.key(nil)
	if err != nil {
		return nil, err
	}
	return l.once(key, func() credentialsCache { return role.assume(key) }), nil
}

// once returns the credentials of a key, and creates them for the first backend
// that needs them.
func (l *Loader) once(key credentialsKey, create func() credentialsCache) *sidecarCredentials {
	c, ok := l.shared[key]
	if !ok {
		c = &sidecarCredentials{cache: create(), secrets: []string{key.externalID}, what: key.text(), log: l.log}
		l.shared[key] = c
	}
	return c
}

func cached(p aws.CredentialsProvider) credentialsCache {
	if cache, ok := p.(*aws.CredentialsCache); ok {
		return cache
	}
	return aws.NewCredentialsCache(p)
}

// sdkLog passes the SDK's messages on to log. Without a logger the SDK writes to
// standard error.
func sdkLog(log *zap.Logger) logging.Logger {
	return logging.LoggerFunc(func(c logging.Classification, format string, v ...any) {
		level := zap.DebugLevel
		if c == logging.Warn {
			level = zap.WarnLevel
		}
		log.Log(level, "AWS SDK", zap.String("says", cause.Clean(fmt.Sprintf(format, v...), secretsOfEnvironment()...)))
	})
}
