package converseapi

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// newTestClient returns a client of the service at url, without limits. transport nil
// is the network.
func newTestClient(t testing.TB, url string, transport http.RoundTripper) *Client {
	t.Helper()
	auth, err := awsauth.NewLoader("us-west-2", zap.NewNop()).Authenticator(t.Context(), awsauth.Identity{}, awsauth.Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	if transport == nil {
		network := &http.Transport{DisableCompression: true}
		t.Cleanup(network.CloseIdleConnections)
		transport = network
	}
	return New(Config{Auth: auth, Transport: transport, EndpointURL: url})
}

// overPipes returns a client whose Bedrock is h; see [bedrocktest.PipeTransport].
func overPipes(t testing.TB, h http.HandlerFunc) (c *Client, p *bedrocktest.Pipes, stop func()) {
	t.Helper()
	transport, p, stop := bedrocktest.PipeTransport(h)
	return newTestClient(t, "http://bedrock.test", transport), p, stop
}

// request is what a caller sends for the model m.
func request(t testing.TB, c *Client, caller translator.Caller) Request {
	t.Helper()
	principal, err := c.cfg.Auth.Principal(caller)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Principal: principal, Region: "us-west-2", ModelID: "m", Body: []byte("{}")}
}

// converse makes a whole call.
func converse(t testing.TB, c *Client, caller translator.Caller) ([]byte, Facts, error) {
	t.Helper()
	return c.Converse(t.Context(), request(t, c, caller))
}

// seen is one event, copied.
type seen struct{ Kind, Payload string }

// collect makes a streaming call to its end.
func collect(t testing.TB, c *Client, caller translator.Caller) (events []seen, facts Facts, err error) {
	t.Helper()
	return collectRequest(t, c, request(t, c, caller))
}

func collectRequest(t testing.TB, c *Client, r Request) (events []seen, facts Facts, err error) {
	t.Helper()
	sequence, facts, err := c.ConverseStream(t.Context(), r)
	if err != nil {
		return nil, facts, err
	}
	for ev, err := range sequence {
		if err != nil {
			return events, facts, err
		}
		events = append(events, seen{ev.Kind, string(ev.Payload)})
	}
	return events, facts, nil
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
