package awsauth

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/auth/bearer"
)

// bearerVariable is the environment variable from which the SDK reads an API key.
const bearerVariable = "AWS_BEARER_TOKEN_BEDROCK"

// defaultSessionName is the name of assumed roles' sessions.
const defaultSessionName = "bedrock-extproc"

// An Identity configures as whom the sidecar calls AWS for callers without keys.
// The first of these that is set counts: BearerTokenEnv, RoleARN, Profile, the
// variable AWS_BEARER_TOKEN_BEDROCK. The zero value is the AWS default chain.
//
// RoleARN, SessionName and SessionTags are templates ([identity.Template]) over the
// caller's values; each combination of values gets a session of its own.
type Identity struct {
	// BearerTokenEnv names the environment variable that holds a Bedrock API key. It
	// is read once, when the client is made.
	BearerTokenEnv string
	// RoleARN is assumed by the identity of Profile, or of the default chain, at the
	// regional STS endpoint.
	RoleARN string
	// ExternalID is sent with RoleARN. "" sends none.
	ExternalID string
	// SessionName is sent with RoleARN. "" means "bedrock-extproc".
	SessionName string
	// SessionTags are sent with RoleARN.
	SessionTags map[string]string
	// Profile is a name in the AWS configuration files. "" means AWS_PROFILE.
	Profile string
}

// configure sets the authentication scheme of the sidecar's own calls. The client
// has already read bearerVariable.
func (i Identity) configure(o *bedrockruntime.Options) {
	switch {
	case i.BearerTokenEnv != "":
		token := os.Getenv(i.BearerTokenEnv)
		o.BearerAuthTokenProvider = bearer.TokenProviderFunc(func(context.Context) (bearer.Token, error) {
			return bearer.Token{Value: token}, nil
		})
		o.AuthSchemePreference = []string{"httpBearerAuth"}
	case i.RoleARN != "" || i.Profile != "":
		o.AuthSchemePreference = []string{"sigv4"}
	}
}

// checkBearerToken reports a bearer token that is not set, or that would be sent
// unencrypted to the endpoint. A nil endpoint is AWS's own.
func (i Identity) checkBearerToken(endpoint *string) error {
	variable := i.BearerTokenEnv
	if variable == "" && i.RoleARN == "" && i.Profile == "" && os.Getenv(bearerVariable) != "" {
		variable = bearerVariable
	}
	switch {
	case variable == "":
	case os.Getenv(variable) == "":
		return fmt.Errorf("the environment variable %s, which must hold the bearer token, is not set", variable)
	case endpoint != nil && strings.HasPrefix(*endpoint, "http://"):
		return fmt.Errorf("the bearer token in %s would be sent to %s unencrypted: use an https endpoint or other credentials", variable, *endpoint)
	}
	return nil
}
