package awsauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// stsVariable names the endpoint of STS, for the SDK.
const stsVariable = "AWS_ENDPOINT_URL_STS"

// An Owner is whose credentials a backend uses for callers without keys. It holds no
// secret.
type Owner struct {
	// Source is the kind of the credentials, such as "environment" or "profile dev".
	Source string
	// Role is assumed with them for each caller. "" if no role depends on the caller.
	Role string
	// AccessKeyID is shortened. "" for an API key.
	AccessKeyID string
	// Account and ARN are what STS says. "" if it was not asked.
	Account, ARN string
}

// Owner fetches the sidecar's credentials, and asks STS for their account if the
// backend calls AWS itself (public) or AWS_ENDPOINT_URL_STS is set. An error is a
// *cause.Error; what was found until then is beside it.
func (a *Authenticator) Owner(ctx context.Context, public bool) (Owner, error) {
	if variable := a.bearerVariable(); variable != "" {
		return Owner{Source: "API key in " + variable}, nil
	}
	provider, role := a.ownCredentials()
	o := Owner{Role: role}
	creds, err := provider.Retrieve(ctx)
	if s, ok := a.sidecar.(*roleSessions); ok && ctx.Err() == nil {
		s.base.Store(int32(stateOf(err)))
	}
	if err != nil {
		return o, ownerError(err)
	}
	o.Source, o.AccessKeyID = a.sourceText(creds.Source), shortened(creds.AccessKeyID)
	if !public && os.Getenv(stsVariable) == "" {
		return o, nil
	}
	cfg := a.config.Copy()
	cfg.Credentials = provider
	said, err := newSTS(cfg, a.endpoint).GetCallerIdentity(ctx, nil)
	if err != nil {
		return o, ownerError(err)
	}
	o.Account, o.ARN = aws.ToString(said.Account), aws.ToString(said.Arn)
	return o, nil
}

func stateOf(err error) State {
	if err != nil {
		return Missing
	}
	return Found
}

// bearerVariable is the environment variable whose API key signs calls, "" for none.
func (a *Authenticator) bearerVariable() string {
	id := a.identity
	if id.BearerTokenEnv == "" && id.RoleARN.IsZero() && id.Profile == "" && os.Getenv(bearerVariable) != "" {
		return bearerVariable
	}
	return id.BearerTokenEnv
}

// ownCredentials are the credentials for a caller without identity. Where the role
// depends on the caller, they are those that assume it, and role is its template.
func (a *Authenticator) ownCredentials() (provider aws.CredentialsProvider, role string) {
	if s, ok := a.sidecar.(*roleSessions); ok {
		return s.role.client.Options().Credentials, s.role.arn.String()
	}
	c, err := a.sidecar.forCaller(translator.Caller{})
	if err != nil {
		return aws.AnonymousCredentials{}, ""
	}
	return c, ""
}

func ownerError(err error) error {
	if e, ok := errors.AsType[*CredentialsError](err); ok {
		return e.Cause
	}
	return cause.FindCredentials(err, secretsOfEnvironment()...)
}

// sourceText says where credentials come from, by the SDK's name of their provider.
func (a *Authenticator) sourceText(provider string) string {
	profile := cmp.Or(a.identity.Profile, os.Getenv("AWS_PROFILE"), "default")
	name, _, _ := strings.Cut(provider, ":")
	switch name {
	case "EnvConfigCredentials":
		return "environment"
	case "SharedConfigCredentials":
		return "profile " + profile
	case "SSOProvider":
		return fmt.Sprintf("profile %s (SSO)", profile)
	case "ProcessProvider":
		return fmt.Sprintf("profile %s (credential_process)", profile)
	case "WebIdentityCredentials":
		return "web identity role"
	case "AssumeRoleProvider":
		return "role " + cmp.Or(a.identity.RoleARN.String(), "of profile "+profile)
	case "CredentialsEndpointProvider":
		return "container"
	case "EC2RoleProvider":
		return "instance"
	}
	return name
}

// shortened is an access key id without its middle.
func shortened(id string) string {
	if len(id) < 12 {
		return id[:min(len(id), 4)] + "…"
	}
	return id[:4] + "…" + id[len(id)-4:]
}

func newSTS(cfg aws.Config, e Endpoint) *sts.Client {
	return sts.NewFromConfig(cfg, func(o *sts.Options) {
		if e.FIPS {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if e.DualStack {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	})
}
