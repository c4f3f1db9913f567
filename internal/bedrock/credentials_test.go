package bedrock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// secrets are the identities that signedFor knows.
var secrets = map[string]string{"AKIDSIDECAR": "sidecar-secret", "AKIDCALLER": "caller-secret", "AKIDOTHER": "other-secret"}

// signedFor returns the access key id, region and session token of a request. It
// checks the signature by signing the request again.
func signedFor(r *http.Request) (id, region, token string, err error) {
	auth, _ := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=")
	scope, _, _ := strings.Cut(auth, ",")
	parts := strings.Split(scope, "/")
	if len(parts) != 5 || parts[3] != "bedrock" || parts[4] != "aws4_request" {
		return "", "", "", fmt.Errorf("not signed for bedrock: %q", r.Header.Get("Authorization"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", "", "", err
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return "", "", "", err
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.RequestURI, nil) //nolint:noctx // never sent
	if err != nil {
		return "", "", "", err
	}
	_, names, _ := strings.Cut(auth, "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	for name := range strings.SplitSeq(names, ";") {
		again.Header[http.CanonicalHeaderKey(name)] = r.Header[http.CanonicalHeaderKey(name)]
	}
	again.ContentLength = r.ContentLength
	token = r.Header.Get("X-Amz-Security-Token")
	creds := aws.Credentials{AccessKeyID: parts[0], SecretAccessKey: secrets[parts[0]], SessionToken: token}
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, again, hex.EncodeToString(hash[:]), "bedrock", parts[2], at); err != nil {
		return "", "", "", err
	}
	if again.Header.Get("Authorization") != r.Header.Get("Authorization") {
		return "", "", "", errors.New("the signature does not match")
	}
	return parts[0], parts[2], token, nil
}

// signing rejects wrong signatures as AWS does, and answers right ones with
// signedFor's values.
func signing(w http.ResponseWriter, r *http.Request) {
	id, region, token, err := signedFor(r)
	if err != nil {
		w.Header().Set("X-Amzn-ErrorType", "InvalidSignatureException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"message":%q}`, err)
		return
	}
	_, _ = fmt.Fprintf(w, `{"signed":"%s %s %s"}`, id, region, token)
}

func TestSigning(t *testing.T) {
	const arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/a1:2~%+ü "
	bedrocktest.Isolate(t)
	url := bedrocktest.Serve(t, signing)
	tests := map[string]struct {
		caller translator.Caller
		model  string
		want   string
	}{
		"own keys":           {translator.Caller{}, "m", "AKIDSIDECAR us-west-2 "},
		"own keys, ARN":      {translator.Caller{}, arn, "AKIDSIDECAR us-west-2 "},
		"caller's keys":      {caller, "m", "AKIDCALLER us-west-2 "},
		"caller's keys, ARN": {caller, arn, "AKIDCALLER us-west-2 "},
		"session token":      {translator.Caller{AccessKeyID: "AKIDCALLER", SecretAccessKey: "caller-secret", SessionToken: "a/b+c="}, "m", "AKIDCALLER us-west-2 a/b+c="},
		"region":             {translator.Caller{AccessKeyID: "AKIDCALLER", SecretAccessKey: "caller-secret", Region: "eu-west-1"}, "m", "AKIDCALLER eu-west-1 "},
		"region without key": {translator.Caller{Region: "eu-west-1"}, "m", "AKIDSIDECAR us-west-2 "},
		"half a key":         {translator.Caller{AccessKeyID: "AKIDCALLER", Region: "eu-west-1"}, "m", "AKIDSIDECAR us-west-2 "},
	}
	b := newTestBackend(t, Config{}, url)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			raw, facts, err := b.Converse(t.Context(), call(tt.model, `{"a":"ü"}`), tt.caller)
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"signed":"` + tt.want + `"}`; string(raw) != want {
				t.Errorf("%s, want %s", raw, want)
			}
			if want := strings.Fields(tt.want)[1]; facts.Region != want {
				t.Errorf("region %q in the facts", facts.Region)
			}
		})
	}
}

// The SDK's signer would give a valid signature to anyone who knows the access key
// id of an earlier caller.
func TestWrongSecretIsNotSignedByAnothersKey(t *testing.T) {
	bedrocktest.Isolate(t)
	b := newTestBackend(t, Config{}, bedrocktest.Serve(t, signing))
	for _, id := range []string{"AKIDCALLER", "AKIDSIDECAR"} {
		right := translator.Caller{AccessKeyID: id, SecretAccessKey: secrets[id]}
		if _, _, err := b.Converse(t.Context(), call("m", `{}`), right); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{}); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{AccessKeyID: id, SecretAccessKey: "guessed"})
		if e := asError(t, err); e.Kind != translator.KindCallerCredentials || e.Status != 401 {
			t.Errorf("%s with a wrong secret: %v", id, e)
		}
	}
}

func TestMissingCredentials(t *testing.T) {
	want := failure{400, translator.KindNoCredentials, false, 0, ""}
	t.Run("not allowed", func(t *testing.T) {
		bedrocktest.Isolate(t)
		b := newTestBackend(t, Config{ServerCredentials: ServerNever}, "http://127.0.0.1:1")
		_, facts, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
		if e := asError(t, err); outline(e) != want || facts.Attempts != 0 {
			t.Errorf("got %+v after %d attempts, want %+v after none", outline(e), facts.Attempts, want)
		}
		_, _, err = b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
		if e := asError(t, err); outline(e) != want {
			t.Errorf("got %+v, want %+v", outline(e), want)
		}
	})
	t.Run("none there", func(t *testing.T) {
		bedrocktest.Isolate(t)
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		b := newTestBackend(t, Config{ServerCredentials: ServerFallback}, "http://127.0.0.1:1")
		_, facts, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
		if e := asError(t, err); outline(e) != want || facts.Attempts != 0 {
			t.Errorf("got %+v after %d attempts, want %+v after none", outline(e), facts.Attempts, want)
		}
		_, _, err = b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
		if e := asError(t, err); outline(e) != want {
			t.Errorf("got %+v, want %+v", outline(e), want)
		}
	})
	t.Run("not to be had", func(t *testing.T) {
		bedrocktest.Isolate(t)
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", t.TempDir()+"/absent")
		t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/secret-name")
		b := newTestBackend(t, Config{}, "http://127.0.0.1:1")
		_, _, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
		e := asError(t, err)
		if diff := cmp.Diff(failure{502, translator.KindSidecarCredentials, false, 0, ""}, outline(e)); diff != "" {
			t.Error(diff)
		}
		if e.Class != "web_identity" {
			t.Errorf("class %q, want web_identity", e.Class)
		}
		if strings.Contains(e.Error()+e.Hint, "secret-name") {
			t.Errorf("the role's name is in %q or %q", e.Error(), e.Hint)
		}
	})
}

func TestRequestsThatAreNotSent(t *testing.T) {
	bedrocktest.Isolate(t)
	b := newTestBackend(t, Config{}, "http://127.0.0.1:1")
	evil := caller
	for _, region := range []string{"evil.example", "a@evil.example/", "us-east-1#", "US-EAST-1", "-us", "us-east-1.", " ", strings.Repeat("a", 41)} {
		evil.Region = region
		_, facts, err := b.Converse(t.Context(), call("m", `{}`), evil)
		if e := asError(t, err); outline(e) != (failure{400, translator.KindInvalid, false, 0, ""}) || facts.Attempts != 0 {
			t.Errorf("region %q: %+v", region, e)
		}
	}
	_, facts, err := b.ConverseStream(t.Context(), call("", `{}`), translator.Caller{})
	if e := asError(t, err); outline(e) != (failure{400, translator.KindInvalid, false, 0, ""}) || e.Path != "model" || facts.Attempts != 0 {
		t.Errorf("no model: %+v", e)
	}
}

// A caller's region cannot move data out of a backend's residency.
func TestResidencyOfCallers(t *testing.T) {
	bedrocktest.Isolate(t)
	bedrock := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer bedrock.Close()
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "eu", Region: "eu-west-1", Residency: "eu", EndpointURL: bedrock.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	for region, allowed := range map[string]bool{"": true, "eu-west-1": true, "us-east-1": false} {
		from := caller
		from.Region = region
		_, facts, err := bs.All()[0].Converse(t.Context(), call("m", `{}`), from)
		if allowed != (err == nil) || !allowed && (asError(t, err).Status != 400 || facts.Attempts != 0) {
			t.Errorf("region %q: %+v, %v", region, facts, err)
		}
	}
}
