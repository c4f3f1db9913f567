package awsauth

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A signer signs by AWS's time. The SDK's signer caches one derived key per region
// and finds it by the access key id alone: a caller with another's id and a wrong
// secret would get a valid signature. So each call with a caller's keys gets a new
// signer, which costs four HMACs.
type signer struct {
	sidecar *v4.Signer
	clock   *clock
}

// SignHTTP implements [v4.HTTPSigner].
func (s signer) SignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, payloadHash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error {
	by := s.sidecar
	if creds.Source == callerSource {
		by = v4.NewSigner()
	}
	return by.SignHTTP(ctx, creds, r, payloadHash, service, region, s.clock.awsTime(at), optFns...)
}
