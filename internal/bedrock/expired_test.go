package bedrock

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// countedCredentials gives the sidecar the credentials of a container's endpoint,
// and counts how often they are fetched.
func countedCredentials(t *testing.T) *atomic.Int64 {
	t.Helper()
	var fetched atomic.Int64
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":"AKID%d","SecretAccessKey":"s","Token":"t","Expiration":%q}`,
			fetched.Add(1), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	return &fetched
}

// The sidecar's credentials are fetched again when AWS rejects them as expired, once
// for each call. A caller's cannot be.
func TestExpiredSidecarCredentialsAreFetchedOnce(t *testing.T) {
	bedrocktest.Isolate(t)
	expired := func(w http.ResponseWriter, _ *http.Request) { bedrocktest.Refuse(w, 403, "ExpiredTokenException") }
	fetched := countedCredentials(t)
	b := newTestBackend(t, Config{}, bedrocktest.Serve(t, expired))
	for i, want := range []int64{2, 3} { // the second attempt's credentials are still cached
		_, facts, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
		if e := asError(t, err); e.Kind != translator.KindSidecarCredentials || facts.Attempts != 2 || fetched.Load() != want {
			t.Errorf("call %d: %v, %+v, asked %d times", i, e, facts, fetched.Load())
		}
	}
	_, facts, err := b.Converse(t.Context(), call("m", `{}`), caller)
	if e := asError(t, err); e.Kind != translator.KindCallerCredentials || facts.Attempts != 1 {
		t.Errorf("got %s after %d attempts, want %s after 1", e.Kind, facts.Attempts, translator.KindCallerCredentials)
	}
}
