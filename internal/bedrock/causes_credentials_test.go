package bedrock

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/cause"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestCausesOfCredentials(t *testing.T) {
	const refused, missing = translator.KindSidecarCredentials, translator.KindNoCredentials
	for _, c := range []causeCase{
		{"role", role(t, "AccessDenied", 403), nil, causeWant{refused, cause.STS, false, "STS refused (AccessDenied)", "AssumeRole"}},
		{"role, expired", role(t, "ExpiredToken", 400), nil, causeWant{refused, cause.STS, false, "STS refused (ExpiredToken)", "api error ExpiredToken"}},
		{"role, signature", role(t, "SignatureDoesNotMatch", 403), nil, causeWant{refused, cause.STS, false, "(SignatureDoesNotMatch)", "api error SignatureDoesNotMatch"}},
		{"role, throttled", role(t, "Throttling", 400), nil, causeWant{refused, cause.STS, true, "cannot answer now (Throttling)", "api error Throttling"}},
		{"role, STS fails", role(t, "InternalFailure", 500), nil, causeWant{refused, cause.STS, true, "cannot answer now", "StatusCode: 500"}},
		{"role, no STS", roleAt("http://" + closedPort(t)), nil, causeWant{refused, cause.Refused, true, "refused the connection", "connection refused"}},
		{"role, no such STS", roleAt("https://sts.invalid"), nil, causeWant{refused, cause.DNS, false, "host name is unknown", "lookup sts.invalid"}},
		{"role, STS untrusted", func(t *testing.T, cfg *Config) BackendConfig {
			server := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			return roleAt(server.URL)(t, cfg)
		}, nil, causeWant{refused, cause.TLS, false, "unknown authority", "unknown authority"}},
		{"web identity, no file", webIdentity("absent", "http://127.0.0.1:1"), nil, causeWant{refused, cause.WebIdentity, false, "web identity token could not be read", "no such file"}},
		{"web identity, refused", func(t *testing.T, cfg *Config) BackendConfig {
			return webIdentity("token", fakeSTS(t, "InvalidIdentityToken", 400))(t, cfg)
		}, nil, causeWant{refused, cause.STS, false, "(InvalidIdentityToken)", "AssumeRoleWithWebIdentity"}},
		{"web identity, provider away", func(t *testing.T, cfg *Config) BackendConfig {
			return webIdentity("token", fakeSTS(t, "IDPCommunicationError", 400))(t, cfg)
		}, nil, causeWant{refused, cause.STS, true, "(IDPCommunicationError)", "IDPCommunicationError"}},
		{"container, nobody there", container("http://" + closedPort(t)), nil, causeWant{refused, cause.Refused, true, "refused the connection", "connection refused"}},
		{"container, refused", func(t *testing.T, cfg *Config) BackendConfig {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusForbidden)
				_, _ = fmt.Fprintf(w, `{"code":"AccessDenied","message":"no role for %s %s"}`, r.Header.Get("Authorization"), r.URL)
			}))
			t.Cleanup(server.Close)
			return container(server.URL)(t, cfg)
		}, nil, causeWant{refused, cause.Credentials, false, "refused (AccessDenied)", "no role for"}},
		{"process", withConfig("credential_process = echo {AKIASECRETKEYID: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}"), nil, causeWant{refused, cause.Credentials, false, "could not be read", "credential_process"}},
		{"process, absent", withConfig("credential_process = /absent/program"), nil, causeWant{refused, cause.Credentials, false, "could not be read", "credential_process"}},
		{"SSO", withConfig("sso_start_url = https://x.invalid\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = r"), nil, causeWant{refused, cause.Credentials, false, "SSO session has expired", "SSO"}},
		{"none", func(t *testing.T, _ *Config) BackendConfig { return noKeys(t) }, nil, causeWant{missing, cause.Credentials, false, "has none of its own", "IMDS"}},
		{"not allowed", func(_ *testing.T, cfg *Config) BackendConfig {
			cfg.ServerCredentials = ServerNever
			return BackendConfig{EndpointURL: "http://127.0.0.1:1"}
		}, nil, causeWant{missing, cause.Credentials, false, "may not be used", "may not be used"}},
		{"rejected by Bedrock", func(t *testing.T, _ *Config) BackendConfig {
			return BackendConfig{EndpointURL: bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Amzn-ErrorType", "UnrecognizedClientException")
				w.WriteHeader(http.StatusForbidden)
				_, _ = fmt.Fprintf(w, `{"message":%q}`, fmt.Sprint(r.Header))
			})}
		}, nil, causeWant{refused, cause.Credentials, false, "rejected the sidecar's own", "UnrecognizedClientException"}},
	} {
		t.Run(c.name, c.run)
	}
}

// noKeys takes the sidecar's keys away.
func noKeys(t *testing.T) BackendConfig {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	return BackendConfig{EndpointURL: "http://127.0.0.1:1"}
}

// fakeSTS refuses everything, and quotes all of the request.
func fakeSTS(t *testing.T, code string, status int) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>refused: %s %v</Message></Error></ErrorResponse>`,
			code, strings.ReplaceAll(fmt.Sprint(r.Header), "&", " "), r.Form)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func role(t *testing.T, code string, status int) func(*testing.T, *Config) BackendConfig {
	return roleAt(fakeSTS(t, code, status))
}

// roleAt is a backend with a role that is assumed at sts.
func roleAt(sts string) func(*testing.T, *Config) BackendConfig {
	return func(t *testing.T, _ *Config) BackendConfig {
		t.Setenv("AWS_ENDPOINT_URL_STS", sts)
		id := awsauth.Identity{RoleARN: template(roleARN + "r"), ExternalID: "external-id-of-theirs"}
		return BackendConfig{EndpointURL: "http://127.0.0.1:1", Identity: id}
	}
}

// webIdentity is an environment with a token in the file of that name, unless it is
// "absent".
func webIdentity(name, sts string) func(*testing.T, *Config) BackendConfig {
	return func(t *testing.T, _ *Config) BackendConfig {
		b := noKeys(t)
		file := filepath.Join(t.TempDir(), name)
		if name != "absent" {
			write(t, file, planted[3]+"\n")
		}
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file)
		t.Setenv("AWS_ROLE_ARN", roleARN+"pod")
		t.Setenv("AWS_ENDPOINT_URL_STS", sts)
		return b
	}
}

func container(url string) func(*testing.T, *Config) BackendConfig {
	return func(t *testing.T, _ *Config) BackendConfig {
		b := noKeys(t)
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url+"/path-of-the-container")
		t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
		return b
	}
}

// withConfig is an AWS configuration file whose default profile has these lines.
func withConfig(lines string) func(*testing.T, *Config) BackendConfig {
	return func(t *testing.T, _ *Config) BackendConfig {
		b := noKeys(t)
		file := filepath.Join(t.TempDir(), "config")
		write(t, file, "[default]\n"+lines+"\n")
		t.Setenv("AWS_CONFIG_FILE", file)
		t.Setenv("HOME", t.TempDir())
		return b
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The keys of a caller are in no line, also where Bedrock quotes them.
func TestCauseOfCallersKeys(t *testing.T) {
	bedrocktest.Isolate(t)
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "InvalidSignatureException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"message":%q}`, fmt.Sprint(r.Header))
	})
	var log bytes.Buffer
	b := newTestBackend(t, Config{Log: jsonLog(&log)}, url)
	from := translator.Caller{AccessKeyID: planted[8], SecretAccessKey: planted[9], SessionToken: planted[2]}
	_, _, err := b.Converse(t.Context(), call("m", `{}`), from)
	if e := asError(t, err); e.Kind != translator.KindCallerCredentials || e.Class != "credentials" || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("%v\n%s", e, log.String())
	}
	noSecrets(t, log.String()+err.Error())
}
