package fakebedrock_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"bedrock-extproc/tests/fakebedrock"
)

// signed is a request by hand, for what the SDK's client hides.
func signed(t *testing.T, url, service, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	hash := sha256.Sum256([]byte(body))
	creds := aws.Credentials{AccessKeyID: fakebedrock.DemoAccessKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hex.EncodeToString(hash[:]), service, "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}
