package bedrock

import (
	"cmp"
	"errors"
	"testing"
	"time"

	"bedrock-extproc/translator"
)

// newTestBackend returns the only backend of a configuration, at url. It makes one
// attempt unless the configuration says otherwise.
func newTestBackend(t testing.TB, cfg Config, url string) *Backend {
	t.Helper()
	cfg.Backends = []BackendConfig{{Name: "here", Region: "us-west-2", EndpointURL: url}}
	cfg.Retry.Attempts = cmp.Or(cfg.Retry.Attempts, 1)
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bs.CloseIdleConnections)
	b, err := bs.Lookup("")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// call is a request for model with the given body.
func call(model, body string) *translator.Call {
	return &translator.Call{Model: model, Body: []byte(body)}
}

// failure is the part of an error that clients act on.
type failure struct {
	Status    int
	Kind      translator.Kind
	Retryable bool
	After     time.Duration
	AWS       string
}

func asError(t *testing.T, err error) *translator.Error {
	t.Helper()
	e, ok := errors.AsType[*translator.Error](err)
	if !ok {
		t.Fatalf("not a *translator.Error: %v", err)
	}
	return e
}

func outline(e *translator.Error) failure {
	return failure{e.Status, e.Kind, e.Retryable, e.RetryAfter, e.AWSError}
}

// caller has keys of its own.
var caller = translator.Caller{AccessKeyID: "AKIDCALLER", SecretAccessKey: "caller-secret"}
