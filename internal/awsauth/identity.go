package awsauth

import "bedrock-extproc/internal/identity"

// An Identity says with which credentials the sidecar calls AWS for callers without
// keys. The first of these that is set counts: BearerTokenEnv, RoleARN, Profile, the
// variable AWS_BEARER_TOKEN_BEDROCK. The zero value is the AWS default chain.
//
// Each combination of the caller's values in RoleARN, SessionName and SessionTags gets
// a session of its own.
type Identity struct {
	// BearerTokenEnv names the environment variable that holds a Bedrock API key. It
	// is read once, when the client is made.
	BearerTokenEnv string
	// RoleARN is assumed by the identity of Profile, or of the default chain, at the
	// regional STS endpoint.
	RoleARN identity.Template
	// ExternalID is sent with RoleARN. "" sends none.
	ExternalID string
	// SessionName is sent with RoleARN. "" means "bedrock-extproc".
	SessionName identity.Template
	// SessionTags are sent with RoleARN.
	SessionTags map[string]identity.Template
	// Profile is a name in the AWS configuration files. "" means AWS_PROFILE.
	Profile string
}
