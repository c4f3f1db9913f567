package awsauth

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/auth/bearer"

	"bedrock-extproc/translator"
)

// bearerVariable is the environment variable from which the SDK reads an API key.
const bearerVariable = "AWS_BEARER_TOKEN_BEDROCK"

// An Authenticator provides the credentials that sign one backend's calls, and the
// time by which they are signed. It is safe for concurrent use.
type Authenticator struct {
	config   aws.Config
	identity Identity
	endpoint Endpoint
	sidecar  credentialsSource
	signer   signer
	clock    clock
}

func newAuthenticator(cfg aws.Config, id Identity, e Endpoint, sidecar credentialsSource) *Authenticator {
	a := &Authenticator{config: cfg, identity: id, endpoint: e, sidecar: sidecar}
	a.signer = signer{sidecar: v4.NewSigner(), clock: &a.clock}
	return a
}

// Config is the AWS configuration of the backend's client, without credentials.
func (a *Authenticator) Config() aws.Config { return a.config }

// ConfigureClient sets up signing for all calls of a client that was made from
// Config. Each call also needs Principal.ConfigureCall.
func (a *Authenticator) ConfigureClient(o *bedrockruntime.Options) {
	o.HTTPSignerV4 = a.signer
	switch id := a.identity; {
	case id.BearerTokenEnv != "":
		token := os.Getenv(id.BearerTokenEnv)
		o.BearerAuthTokenProvider = bearer.TokenProviderFunc(func(context.Context) (bearer.Token, error) {
			return bearer.Token{Value: token}, nil
		})
		o.AuthSchemePreference = []string{"httpBearerAuth"}
	case !id.RoleARN.IsZero() || id.Profile != "":
		// The client has already read bearerVariable.
		o.AuthSchemePreference = []string{"sigv4"}
	}
}

// Sign signs a request with credentials that a Principal has returned, like the client that
// ConfigureClient sets up.
func (a *Authenticator) Sign(ctx context.Context, creds aws.Credentials, r *http.Request, payloadHash, service, region string, options ...func(*v4.SignerOptions)) error {
	return a.signer.SignHTTP(ctx, creds, r, payloadHash, service, region, time.Now(), options...)
}

// CheckBearerToken reports a bearer token that is not set, or that would be sent
// unencrypted to the endpoint. A nil endpoint is AWS's own.
func (a *Authenticator) CheckBearerToken(endpoint *string) error {
	variable := a.bearerVariable()
	switch {
	case variable == "":
	case os.Getenv(variable) == "":
		return fmt.Errorf("the environment variable %s, which must hold the bearer token, is not set", variable)
	case endpoint != nil && strings.HasPrefix(*endpoint, "http://"):
		return fmt.Errorf("the bearer token in %s would be sent to %s unencrypted: use an https endpoint or other credentials", variable, *endpoint)
	}
	return nil
}

// HasFixedToken reports whether calls without a caller's keys have a bearer token that never
// changes.
func (a *Authenticator) HasFixedToken() bool { return a.bearerVariable() != "" }

// Principal returns the identity that signs a caller's call: the caller's keys if it
// has any, otherwise the sidecar's identity. An error is a *translator.Error: a value
// that the role needs is missing or not allowed.
func (a *Authenticator) Principal(caller translator.Caller) (Principal, error) {
	if caller.HasKeys() {
		return Principal{keys: callerKeys(caller)}, nil
	}
	c, err := a.sidecar.forCaller(caller)
	if err != nil {
		return Principal{}, err
	}
	return Principal{sidecar: &usedCredentials{sidecarCredentials: c}}, nil
}

// Payer names the AWS account whose quotas a caller's call uses: the caller's access
// key id, or the role that is assumed for it. "" is the sidecar's one identity.
func (a *Authenticator) Payer(caller translator.Caller) string {
	if caller.HasKeys() {
		return caller.AccessKeyID
	}
	return a.sidecar.payer(caller)
}

// Credentials is the state of the sidecar's credentials, or of those that assume the
// role of a caller. It makes no call.
func (a *Authenticator) Credentials() State {
	if a.bearerVariable() != "" {
		return Found
	}
	return a.sidecar.state()
}

// CorrectClock compares the time of signatures with the time of an answer that
// rejects a request. It reports whether signatures had the wrong time; those of
// later calls have the right one.
func (a *Authenticator) CorrectClock(status int, h http.Header) bool {
	return a.clock.correct(status, h)
}

// A Principal is the identity that signs one call. It lives no longer than the call.
// The zero value must not be used.
type Principal struct {
	keys    callerKeys       // when sidecar is nil
	sidecar *usedCredentials // nil for a caller with keys
}

// IsCaller reports whether the caller's own keys sign the call.
func (p Principal) IsCaller() bool { return p.sidecar == nil }

// ConfigureCall is the functional option of one call of the SDK's client.
func (p Principal) ConfigureCall(o *bedrockruntime.Options) {
	if !p.IsCaller() {
		o.Credentials = p.sidecar
		return
	}
	o.Credentials = p.keys
	// A bearer token in the sidecar's environment must not sign a caller's call.
	o.AuthSchemePreference = []string{"sigv4"}
}

// Retrieve returns the credentials that sign the call. An error is a *CredentialsError.
func (p Principal) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if p.IsCaller() {
		return p.keys.Retrieve(ctx)
	}
	return p.sidecar.Retrieve(ctx)
}

// DropExpired drops credentials of the sidecar that AWS has rejected as expired. It
// reports whether the next call may have others.
func (p Principal) DropExpired() bool { return !p.IsCaller() && p.sidecar.drop(p.sidecar.used.Load()) }

// usedCredentials are the sidecar's credentials in one call. They know which ones have
// signed it.
type usedCredentials struct {
	*sidecarCredentials

	used atomic.Pointer[aws.Credentials]
}

// Retrieve implements [aws.CredentialsProvider].
func (u *usedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := u.sidecarCredentials.Retrieve(ctx)
	if err == nil {
		u.used.Store(&creds)
	}
	return creds, err
}

// A credentialsSource has the sidecar's credentials for one backend. It is safe for
// concurrent use.
type credentialsSource interface {
	// forCaller returns the credentials for a caller without keys. An error is a
	// *translator.Error.
	forCaller(translator.Caller) (*sidecarCredentials, error)
	// payer names the account that pays for a caller's calls, as far as it depends on
	// the caller.
	payer(translator.Caller) string
	state() State
}

// State says what is known about the sidecar's credentials.
type State int32

// The states. Unknown credentials were not asked for yet, or have expired since.
const (
	Unknown State = iota
	Found
	Missing // the last attempt to get them failed
)

// callerKeys are the keys of one request.
type callerKeys translator.Caller

// callerSource marks the credentials of callerKeys.
const callerSource = "bedrock-extproc caller"

// Retrieve implements [aws.CredentialsProvider].
func (k callerKeys) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID:     k.AccessKeyID,
		SecretAccessKey: k.SecretAccessKey,
		SessionToken:    k.SessionToken,
		Source:          callerSource,
	}, nil
}
