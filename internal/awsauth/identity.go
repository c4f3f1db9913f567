package awsauth

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
