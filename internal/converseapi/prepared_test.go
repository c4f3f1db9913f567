package converseapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// A wire keeps a request as it is written, and answers with an empty object.
type wire struct{ written bytes.Buffer }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.written.WriteString(r.URL.Scheme + " ")
	if err := r.Write(&w.written); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), ContentLength: 2}, nil
}

// wireCase is what a request depends on. The zero value is the sidecar's own keys and AWS's
// endpoint in us-west-2.
type wireCase struct {
	name     string
	env      map[string]string
	cfg      Config
	identity awsauth.Identity
	caller   translator.Caller
	request  Request // Principal is set
}

func wireCases() []wireCase {
	cases := []wireCase{
		{name: "own keys"},
		{name: "own keys with a session", env: map[string]string{"AWS_SESSION_TOKEN": "session+/="}},
		{name: "caller's keys", caller: caller},
		{name: "caller's keys with a session", caller: translator.Caller{AccessKeyID: "AKID2", SecretAccessKey: "s", SessionToken: "token+/="}},
		{name: "caller's keys beside a bearer token", caller: caller, env: map[string]string{"AWS_BEARER_TOKEN_BEDROCK": "secret"}},
		{name: "bearer token", env: map[string]string{"AWS_BEARER_TOKEN_BEDROCK": "secret"}},
		{name: "bearer token of the configuration", identity: awsauth.Identity{BearerTokenEnv: "OTHER_TOKEN"}, env: map[string]string{"OTHER_TOKEN": "secret"}},
		{name: "large body", request: Request{Body: bytes.Repeat([]byte(" {}"), largeBody)}},
		{name: "empty body", request: Request{Body: []byte{}}},
		{name: "endpoint", cfg: Config{EndpointURL: "http://127.0.0.1:9"}},
		{name: "endpoint with a path", cfg: Config{EndpointURL: "https://proxy.test/aws/eu%2Fwest/"}},
		{name: "endpoint with a query", cfg: Config{EndpointURL: "https://proxy.test/?team=a&x=%2F"}},
		{name: "endpoint of the environment", env: map[string]string{"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://vpce.test"}},
		{name: "endpoint of the environment, not used", env: map[string]string{"AWS_ENDPOINT_URL": "https://vpce.test", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
		{name: "FIPS", cfg: Config{FIPS: true}},
		{name: "FIPS of the environment", env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}},
		{name: "dual-stack", cfg: Config{DualStack: true}},
		{name: "FIPS and dual-stack", cfg: Config{FIPS: true, DualStack: true}},
		{name: "application id", cfg: Config{AppID: "shop/1.2"}},
		{name: "application id without a version", cfg: Config{AppID: "shop"}},
		{name: "application id of the environment", env: map[string]string{"AWS_SDK_UA_APP_ID": "shop"}},
	}
	for _, region := range []string{"us-gov-west-1", "cn-north-1", "eu-isoe-west-1", "xx-new-9", "not a region", ""} {
		cases = append(cases, wireCase{name: "region " + region, request: Request{Region: region}})
	}
	for _, id := range []string{
		"us.anthropic.claude-sonnet-4-20250514-v1:0", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a-b_c:0",
		"arn:aws:sagemaker:us-east-1:1:endpoint/e", "a b", "a%2Fb", "a%b", "a+b", "a?b#c", "..", "a/../b", "ü", "~", "$&'()*,;=@!", "any-model",
	} {
		cases = append(cases, wireCase{name: "model " + id, request: Request{ModelID: id}})
	}
	return cases
}

// TestPreparedRequests compares a client that prepares its requests, in its first call and in
// a later one, with one that lets the SDK make each.
func TestPreparedRequests(t *testing.T) {
	for _, c := range wireCases() {
		t.Run(c.name, func(t *testing.T) {
			bedrocktest.Isolate(t)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			synctest.Test(t, func(t *testing.T) { // the clock stands still
				for _, op := range []*operation{opConverse, opConverseStream, opCountTokens} {
					sdk := c.send(t, 1, func(ctx context.Context, a *attempt) error { return a.callSDK(ctx, op) })
					for _, calls := range []int{1, 2} {
						prepared := c.send(t, calls, func(ctx context.Context, a *attempt) error {
							err := a.do(ctx, op)
							if err == nil && a.client.prepared(op, &a.request) == nil {
								t.Errorf("%s: the SDK has made the request", op.name)
							}
							return err
						})
						if diff := cmp.Diff(sdk, prepared); diff != "" {
							t.Errorf("%s, call %d (-SDK +prepared):\n%s", op.name, calls, diff)
						}
					}
				}
			})
		})
	}
}

// send returns the last of some attempts as it is on the wire, or its error.
func (c *wireCase) send(t *testing.T, attempts int, do func(context.Context, *attempt) error) string {
	t.Helper()
	auth, err := awsauth.NewLoader("us-west-2", zap.NewNop()).Authenticator(t.Context(), c.identity, awsauth.Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.cfg
	cfg.Auth = auth
	w := &wire{}
	cfg.Transport = w
	client := New(cfg)
	for range attempts {
		w.written.Reset()
		r := c.request
		if r.Principal, err = auth.Principal(c.caller); err != nil {
			t.Fatal(err)
		}
		if r.ModelID == "" {
			r.ModelID = "m"
		}
		if r.Region == "" && !strings.HasPrefix(c.name, "region") {
			r.Region = "us-west-2"
		}
		r.InvocationID = "00000000-0000-4000-8000-000000000001"
		if r.Body == nil {
			r.Body = []byte(`{"messages":[]}`)
		}
		if err := do(t.Context(), client.newAttempt(r)); err != nil {
			return err.Error()
		}
	}
	return w.written.String()
}

// TestInvocationIDs: each call has one of its own, a UUID of version 4.
func TestInvocationIDs(t *testing.T) {
	bedrocktest.Isolate(t)
	c := newTestClient(t, "http://bedrock.test", &wire{})
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 100 {
		_, facts, err := converse(t, c, translator.Caller{})
		if id := facts.InvocationID; err != nil || !uuid.MatchString(id) || seen[id] {
			t.Fatalf("invocation id %q, error %v", id, err)
		}
		seen[facts.InvocationID] = true
	}
}

// TestPreparedRequestsAreBounded: callers choose regions.
func TestPreparedRequestsAreBounded(t *testing.T) {
	bedrocktest.Isolate(t)
	c := newTestClient(t, "http://bedrock.test", &wire{})
	r := request(t, c, caller)
	for i := range 3 * maxPrepared {
		r.Region = "us-west-" + strconv.Itoa(i)
		if _, _, err := c.Converse(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		known := *c.requests.known.Load()
		if _, ok := known[preparedKey{opConverse.name, r.Region, true}]; !ok || len(known) > maxPrepared {
			t.Fatalf("after %d regions: the last one is kept: %v, of %d", i+1, ok, len(known))
		}
	}
}
