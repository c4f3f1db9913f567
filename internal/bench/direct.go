package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/bedrock"
)

// Signer returns a function that signs calls to Bedrock with the credentials and the
// region of the environment: AWS_BEARER_TOKEN_BEDROCK, or the SDK's default chain.
func Signer(ctx context.Context) (func(*http.Request, []byte) error, error) {
	if token := os.Getenv("AWS_BEARER_TOKEN_BEDROCK"); token != "" {
		return func(r *http.Request, _ []byte) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		}, nil
	}
	cfg, err := awsauth.NewLoader(bedrock.DefaultRegion, zap.NewNop()).Profile(ctx, "")
	if err != nil {
		return nil, err
	}
	signer := v4.NewSigner()
	return func(r *http.Request, body []byte) error {
		creds, err := cfg.Credentials.Retrieve(r.Context())
		if err != nil {
			return err
		}
		hash := sha256.Sum256(body)
		return signer.SignHTTP(r.Context(), creds, r, hex.EncodeToString(hash[:]), "bedrock", cfg.Region, time.Now())
	}, nil
}
