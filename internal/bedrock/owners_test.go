package bedrock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/tests/bedrocktest"
)

// callerIdentity is a fake STS that knows whose each access key is.
func callerIdentity(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		id, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
		w.Header().Set("Content-Type", "text/xml")
		switch action := r.Form.Get("Action"); action {
		case "GetCallerIdentity":
			_, _ = fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/%s</Arn>`+
				`<UserId>u</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, id[:6])
		default: // AssumeRole, AssumeRoleWithWebIdentity
			_, _ = fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>ASIAROLESECRETKEY</AccessKeyId><SecretAccessKey>%[2]s</SecretAccessKey>`+
				`<SessionToken>%[3]s</SessionToken><Expiration>%[4]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
				action, planted[1], planted[2], time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// owners returns the lines of LogOwners.
func owners(t *testing.T, cfg Config) []map[string]any {
	t.Helper()
	var log bytes.Buffer
	cfg.Log = jsonLog(&log)
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	bs.LogOwners(t.Context())
	noSecrets(t, log.String())
	var lines []map[string]any
	for dec := json.NewDecoder(&log); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		delete(line, "ts")
		lines = append(lines, line)
	}
	return lines
}

// At its start the sidecar says whose credentials it has, or what is missing.
func TestOwners(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:user/"
	for name, c := range map[string]struct {
		prepare func(*testing.T) Config
		want    map[string]any
	}{
		"environment": {
			func(*testing.T) Config { return Config{} },
			map[string]any{"level": "info", "msg": "AWS credentials found", "source": "environment", "access_key_id": "AKIA…EYID", "account": "123456789012", "arn": arn + "AKIASE"},
		},
		"profile": {
			func(t *testing.T) Config {
				profiles(t)
				return Config{Backends: []BackendConfig{{Name: "default", Region: "us-east-1", Identity: awsauth.Identity{Profile: "other"}}}}
			},
			map[string]any{"level": "info", "msg": "AWS credentials found", "source": "profile other", "access_key_id": "AKID…", "account": "123456789012", "arn": arn + "AKIDOT"},
		},
		"role": {
			func(*testing.T) Config {
				return Config{Backends: []BackendConfig{{Name: "default", Region: "us-east-1", Identity: roleIdentity("r")}}}
			},
			map[string]any{"level": "info", "msg": "AWS credentials found", "source": "role " + roleARN + "r", "access_key_id": "ASIA…TKEY", "account": "123456789012", "arn": arn + "ASIARO"},
		},
		"role of each caller": {
			func(*testing.T) Config {
				return Config{Backends: []BackendConfig{{Name: "default", Region: "us-east-1", Identity: roleIdentity("{team}")}}}
			},
			map[string]any{"level": "info", "msg": "AWS credentials found", "source": "environment", "access_key_id": "AKIA…EYID", "account": "123456789012", "arn": arn + "AKIASE", "assumes": roleARN + "{team}"},
		},
		"web identity": {
			func(t *testing.T) Config {
				noKeys(t)
				file := filepath.Join(t.TempDir(), "token")
				write(t, file, planted[3])
				t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file)
				t.Setenv("AWS_ROLE_ARN", roleARN+"pod")
				return Config{}
			},
			map[string]any{"level": "info", "msg": "AWS credentials found", "source": "web identity role", "access_key_id": "ASIA…TKEY", "account": "123456789012", "arn": arn + "ASIARO"},
		},
		"API key": {
			func(t *testing.T) Config {
				t.Setenv("AWS_BEARER_TOKEN_BEDROCK", "container-token")
				return Config{}
			},
			map[string]any{"level": "info", "msg": "AWS credentials found", "source": "API key in AWS_BEARER_TOKEN_BEDROCK"},
		},
		"never": {
			func(*testing.T) Config { return Config{ServerCredentials: ServerNever} },
			map[string]any{"level": "info", "msg": "callers bring their own AWS credentials"},
		},
		"none": {
			func(t *testing.T) Config {
				noKeys(t)
				return Config{}
			},
			map[string]any{"level": "warn", "msg": "no AWS credentials: only calls with credentials of their own can work", "class": "credentials"},
		},
		"no STS": {
			func(t *testing.T) Config {
				t.Setenv("AWS_ENDPOINT_URL_STS", "http://"+closedPort(t))
				return Config{}
			},
			map[string]any{"level": "warn", "msg": "AWS credentials found, but STS does not confirm them", "class": "refused", "source": "environment", "access_key_id": "AKIA…EYID"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bedrocktest.Isolate(t)
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			t.Setenv("AWS_ACCESS_KEY_ID", planted[0])
			t.Setenv("AWS_SECRET_ACCESS_KEY", planted[1])
			t.Setenv("AWS_SESSION_TOKEN", planted[2])
			t.Setenv("AWS_ENDPOINT_URL_STS", callerIdentity(t))
			got := owners(t, c.prepare(t))
			if len(got) != 1 {
				t.Fatalf("%v", got)
			}
			if c.want["level"] == "warn" {
				if got[0]["fix"] == "" || got[0]["cause"] == "" {
					t.Errorf("%v", got[0])
				}
				delete(got[0], "fix")
				delete(got[0], "cause")
			}
			c.want["backend"], c.want["region"] = "default", "us-east-1"
			if diff := cmp.Diff(c.want, got[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// STS is not asked for the keys of a stand-in.
func TestOwnersOfAStandIn(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("AWS_ENDPOINT_URL_STS", "")
	got := owners(t, Config{Backends: []BackendConfig{{Name: "here", EndpointURL: "http://127.0.0.1:1"}}})
	if len(got) != 1 || got[0]["level"] != "info" || got[0]["source"] != "environment" || got[0]["account"] != nil {
		t.Errorf("%v", got)
	}
}

// The state of credentials is that of the last attempt. Asking for it makes no call.
func TestWithoutCredentials(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	var works atomic.Bool
	var asked atomic.Int64
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if !works.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprint(w, `{"AccessKeyId":"AKID","SecretAccessKey":"s"}`)
	}))
	perCaller := BackendConfig{Name: "team", Region: "us-east-1", Identity: awsauth.Identity{RoleARN: template("arn:aws:iam::123456789012:role/{team}")}}
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{
		{Name: "own", Region: "us-east-1"}, perCaller,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	check := func(when string, missing bool) {
		t.Helper()
		before := asked.Load()
		want := map[string]bool{"own": missing, "team": missing}
		if diff := cmp.Diff(want, bs.WithoutCredentials()); diff != "" || asked.Load() != before {
			t.Errorf("%s, %d more calls: %s", when, asked.Load()-before, diff)
		}
	}
	check("at first", false)
	bs.LookAgain(t.Context())
	check("after a failure", true)
	works.Store(true)
	bs.LookAgain(t.Context())
	check("when they are back", false)
	before := asked.Load()
	bs.LookAgain(t.Context())
	if asked.Load() != before {
		t.Error("credentials that were found are looked for")
	}
}
