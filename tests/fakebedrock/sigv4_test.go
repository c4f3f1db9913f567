package fakebedrock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/auth/bearer"

	"bedrock-extproc/tests/fakebedrock"
)

func static(key, secret, token string) func(*bedrockruntime.Options) {
	return func(o *bedrockruntime.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(key, secret, token)
	}
}

func TestIdentities(t *testing.T) {
	for name, test := range map[string]struct {
		config fakebedrock.Config
		with   func(*bedrockruntime.Options)
		code   string // "": the call succeeds
	}{
		"long-term key":            {with: static(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, "")},
		"temporary key":            {with: static(fakebedrock.DemoSessionKeyID, fakebedrock.DemoSecretAccessKey, fakebedrock.DemoSessionToken)},
		"other region":             {with: func(o *bedrockruntime.Options) { o.Region = "eu-west-1" }},
		"wrong secret":             {with: static(fakebedrock.DemoAccessKeyID, "no", ""), code: "InvalidSignatureException"},
		"unknown key":              {with: static("AKIDNOBODY", fakebedrock.DemoSecretAccessKey, ""), code: "UnrecognizedClientException"},
		"missing token":            {with: static(fakebedrock.DemoSessionKeyID, fakebedrock.DemoSecretAccessKey, ""), code: "UnrecognizedClientException"},
		"wrong token":              {with: static(fakebedrock.DemoSessionKeyID, fakebedrock.DemoSecretAccessKey, "no"), code: "UnrecognizedClientException"},
		"token with long-term":     {with: static(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, "no"), code: "UnrecognizedClientException"},
		"expired token":            {with: static(fakebedrock.DemoExpiredKeyID, fakebedrock.DemoSecretAccessKey, fakebedrock.DemoSessionToken), code: "ExpiredTokenException"},
		"wrong region":             {config: fakebedrock.Config{Region: "us-east-1"}, with: func(o *bedrockruntime.Options) { o.Region = "eu-west-1" }, code: "InvalidSignatureException"},
		"server's clock is ahead":  {config: fakebedrock.Config{Now: func() time.Time { return time.Now().Add(6 * time.Minute) }}, code: "InvalidSignatureException"},
		"server's clock is behind": {config: fakebedrock.Config{Now: func() time.Time { return time.Now().Add(-6 * time.Minute) }}, code: "InvalidSignatureException"},
		"clocks differ a little":   {config: fakebedrock.Config{Now: func() time.Time { return time.Now().Add(4 * time.Minute) }}},
		"no key":                   {with: func(o *bedrockruntime.Options) { o.AuthSchemePreference = []string{"noAuth"}; o.Credentials = nil }, code: "MissingAuthenticationTokenException"},
		"unsigned calls allowed":   {config: fakebedrock.Config{AllowUnsigned: true}, with: func(o *bedrockruntime.Options) { o.AuthSchemePreference = []string{"noAuth"}; o.Credentials = nil }},
		"identity of the config": {
			config: fakebedrock.Config{Identities: []fakebedrock.Identity{{AccessKeyID: "AKIDMINE", SecretAccessKey: "mine"}}},
			with:   static("AKIDMINE", "mine", ""),
		},
		"demo key not accepted": {
			config: fakebedrock.Config{Identities: []fakebedrock.Identity{{AccessKeyID: "AKIDMINE", SecretAccessKey: "mine"}}},
			code:   "UnrecognizedClientException",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(fakebedrock.New(test.config))
			defer server.Close()
			with := []func(*bedrockruntime.Options){}
			if test.with != nil {
				with = append(with, test.with)
			}
			_, err := newClient(t, server.URL, server.Client(), with...).Converse(t.Context(), ask("hello"))
			if got := code(err); got != test.code {
				t.Errorf("got %q (%v), want %q", got, err, test.code)
			}
		})
	}
}

// A shared signer caches keys by access key id, so a secret valid for one server would
// be valid for another.
func TestSameKeyWithOtherSecrets(t *testing.T) {
	const key = "AKIDSHARED"
	for _, right := range []string{"one", "two"} {
		server := httptest.NewServer(fakebedrock.New(fakebedrock.Config{Identities: []fakebedrock.Identity{{AccessKeyID: key, SecretAccessKey: right}}}))
		defer server.Close()
		for _, secret := range []string{"one", "two"} {
			client := newClient(t, server.URL, server.Client(), static(key, secret, ""))
			if _, err := client.Converse(t.Context(), ask("hello")); (err == nil) != (secret == right) {
				t.Errorf("secret %s, right secret %s: %v", secret, right, err)
			}
		}
	}
}

func TestBearerToken(t *testing.T) {
	server := httptest.NewTLSServer(fakebedrock.New(fakebedrock.Config{}))
	defer server.Close()
	for token, want := range map[string]string{fakebedrock.DemoBearerToken: "", "no": "AccessDeniedException"} {
		client := newClient(t, server.URL, server.Client(), func(o *bedrockruntime.Options) {
			o.BearerAuthTokenProvider = bearer.StaticTokenProvider{Token: bearer.Token{Value: token}}
			o.AuthSchemePreference = []string{"httpBearerAuth"}
			o.Credentials = nil
		})
		if _, err := client.Converse(t.Context(), ask("hello")); code(err) != want {
			t.Errorf("%s: got %v", token, err)
		}
	}
}

// altered is a transport that changes requests after signing.
type altered struct {
	client *http.Client
	change func(*http.Request)
}

func (a altered) Do(r *http.Request) (*http.Response, error) {
	r = r.Clone(context.WithoutCancel(r.Context()))
	a.change(r)
	return a.client.Do(r)
}

func TestSignatureCoversTheRequest(t *testing.T) {
	server := httptest.NewServer(fakebedrock.New(fakebedrock.Config{}))
	defer server.Close()
	for name, test := range map[string]struct {
		change func(*http.Request)
		code   string
	}{
		"nothing": {change: func(*http.Request) {}},
		"a header that is not signed": {change: func(r *http.Request) {
			r.Header.Set("X-Amzn-Trace-Id", "Root=1")
		}},
		"body": {code: "InvalidSignatureException", change: func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("hello"), []byte("hallo"), 1)))
		}},
		"path": {code: "InvalidSignatureException", change: func(r *http.Request) {
			r.URL.RawPath, r.URL.Path = "", "/model/amazon.nova-lite-v1:0/converse"
		}},
		"query": {code: "InvalidSignatureException", change: func(r *http.Request) { r.URL.RawQuery = "a=b" }},
		"signed header": {code: "InvalidSignatureException", change: func(r *http.Request) {
			r.Header.Set("Amz-Sdk-Request", "attempt=9")
		}},
		"host": {code: "InvalidSignatureException", change: func(r *http.Request) { r.Host = "elsewhere" }},
		"algorithm": {code: "IncompleteSignatureException", change: func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA512 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0")
		}},
		"no signature": {code: "IncompleteSignatureException", change: func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host")
		}},
		"short scope": {code: "IncompleteSignatureException", change: func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0")
		}},
		"other day": {code: "InvalidSignatureException", change: func(r *http.Request) {
			r.Header.Set("X-Amz-Date", "20200101T000000Z")
		}},
		"no date": {code: "IncompleteSignatureException", change: func(r *http.Request) { r.Header.Del("X-Amz-Date") }},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, server.URL, server.Client(), func(o *bedrockruntime.Options) {
				o.HTTPClient = altered{server.Client(), func(r *http.Request) {
					r.Body = struct{ io.ReadCloser }{r.Body}
					test.change(r)
				}}
			})
			_, err := client.Converse(t.Context(), ask("hello"))
			if got := code(err); got != test.code {
				t.Errorf("got %q (%v), want %q", got, err, test.code)
			}
		})
	}
}

// The signing name is "bedrock", not "bedrock-runtime" as in the host name.
func TestWrongSigningService(t *testing.T) {
	server := httptest.NewServer(fakebedrock.New(fakebedrock.Config{}))
	defer server.Close()
	r := signed(t, server.URL+"/model/amazon.nova-lite-v1%3A0/converse", "bedrock-runtime", `{}`)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct{ Message string }
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	if want := "Credential should be scoped to correct service: 'bedrock'."; resp.StatusCode != 403 || body.Message != want ||
		resp.Header.Get("X-Amzn-Errortype") != "InvalidSignatureException:http://internal.amazon.com/coral/com.amazon.coral.service/" || !bytes.Contains(raw, []byte(`"Message"`)) {
		t.Errorf("%d %s %s", resp.StatusCode, resp.Header.Get("X-Amzn-Errortype"), raw)
	}
}
