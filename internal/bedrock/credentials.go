package bedrock

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"bedrock-extproc/translator"
)

// ServerCredentials says whether the sidecar's own AWS identity serves calls
// whose caller brought no keys. A caller's own keys always come first.
type ServerCredentials int

const (
	// ServerFallback serves calls without keys by the sidecar's identity.
	ServerFallback ServerCredentials = iota
	// ServerNever refuses calls without keys.
	ServerNever
)

// callerSource marks credentials that came with a request.
const callerSource = "bedrock-extproc caller"

// callerKeys are the keys of one request. They are kept no longer than it.
type callerKeys translator.Caller

// Retrieve implements [aws.CredentialsProvider].
func (k callerKeys) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID:     k.AccessKeyID,
		SecretAccessKey: k.SecretAccessKey,
		SessionToken:    k.SessionToken,
		Source:          callerSource,
	}, nil
}

// signer signs for the sidecar and for callers. The SDK's signer caches one
// derived key per region and finds it by the access key id alone, so that a
// caller with someone's id and a wrong secret would be signed with the right one.
// Callers get a signer of their own, which costs four HMACs a call.
type signer struct {
	own   *v4.Signer
	clock *clock
}

// SignHTTP implements [v4.HTTPSigner].
func (s signer) SignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, payloadHash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error {
	at = s.clock.at(at)
	if creds.Source == callerSource {
		return v4.NewSigner().SignHTTP(ctx, creds, r, payloadHash, service, region, at, optFns...)
	}
	return s.own.SignHTTP(ctx, creds, r, payloadHash, service, region, at, optFns...)
}
