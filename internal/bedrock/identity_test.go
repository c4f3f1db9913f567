package bedrock

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// template parses a template that is known to be valid.
func template(text string) identity.Template {
	t, err := identity.Parse(text)
	if err != nil {
		panic(err)
	}
	return t
}

// roles is a fake STS, which lets the sidecar assume every role but "forbidden".
type roles struct {
	mu    sync.Mutex
	asked []string
}

func (s *roles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		return
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
	region := strings.Split(r.Header.Get("Authorization"), "/")[2]
	_, name, _ := strings.Cut(r.Form.Get("RoleArn"), "role/")
	asked := fmt.Sprint(id, " in ", region, ": ", name, " as ", r.Form.Get("RoleSessionName"), " ", r.Form.Get("ExternalId"))
	for i := 1; r.Form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		asked += fmt.Sprintf(" %s=%s", r.Form.Get(fmt.Sprintf("Tags.member.%d.Key", i)), r.Form.Get(fmt.Sprintf("Tags.member.%d.Value", i)))
	}
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimRight(asked, " "))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	if name == "forbidden" {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no role for you</Message></Error></ErrorResponse>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA%s</AccessKeyId>`+
		`<SecretAccessKey>role-secret</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>`+
		`</AssumeRoleResult></AssumeRoleResponse>`, name, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// profiles writes an AWS configuration with the profile "other": keys and a region.
func profiles(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	config := "[profile other]\nregion = ap-south-1\naws_access_key_id = AKIDOTHER\naws_secret_access_key = other-secret\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
}

const roleARN = "arn:aws:iam::123456789012:role/"

// Each backend signs by its own identity, each role is assumed once, and a caller's
// keys come first.
func TestIdentities(t *testing.T) {
	bedrocktest.Isolate(t)
	profiles(t)
	sts := &roles{}
	stsServer := httptest.NewServer(sts)
	defer stsServer.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", stsServer.URL)
	t.Setenv("API_KEY", "key-of-the-backend")
	bedrock := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/us")
		_, _ = fmt.Fprintf(w, `{"who":%q}`, who)
	}))
	defer bedrock.Close()
	identities := map[string]awsauth.Identity{
		"default":        {},
		"profile":        {Profile: "other"},
		"one":            {RoleARN: template(roleARN + "one")},
		"two":            {RoleARN: template(roleARN + "two"), ExternalID: "x-1", SessionName: template("me")},
		"again":          {RoleARN: template(roleARN + "one")},
		"by profile":     {RoleARN: template(roleARN + "one"), Profile: "other"},
		"forbidden":      {RoleARN: template(roleARN + "forbidden")},
		"bearer":         {BearerTokenEnv: "API_KEY"},
		"bearer, role":   {BearerTokenEnv: "API_KEY", RoleARN: template(roleARN + "two")},
		"bearer, caller": {BearerTokenEnv: "API_KEY"},
	}
	cfg := Config{RoundTripper: bedrock.Client().Transport}
	for name, id := range identities {
		cfg.Backends = append(cfg.Backends, BackendConfig{Name: name, Region: "us-west-2", EndpointURL: bedrock.URL, Identity: id})
	}
	check := func(want map[string]string) {
		t.Helper()
		bs, err := New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for name, who := range want {
				var as translator.Caller
				if strings.HasSuffix(name, "caller") {
					as = caller
				}
				raw, _, err := bs.byName[name].Converse(t.Context(), call("m", `{}`), as)
				if err != nil || !strings.HasPrefix(string(raw), fmt.Sprintf(`{"who":"%s`, who)) || who == "" {
					t.Errorf("%s: %s, %v", name, raw, err)
				}
			}
		}
	}
	want := map[string]string{
		"default": "AKIDSIDECAR/", "profile": "AKIDOTHER/", "one": "ASIAone/", "two": "ASIAtwo/", "again": "ASIAone/", "by profile": "ASIAone/",
		"bearer": "Bearer key-of-the-backend", "bearer, role": "Bearer key-of-the-backend", "bearer, caller": "AKIDCALLER/",
	}
	check(want)
	slices.Sort(sts.asked)
	if diff := cmp.Diff([]string{
		"AKIDOTHER in us-west-2: one as bedrock-extproc",
		"AKIDSIDECAR in us-west-2: one as bedrock-extproc",
		"AKIDSIDECAR in us-west-2: two as me x-1",
	}, sts.asked); diff != "" {
		t.Error(diff)
	}

	// The environment's token serves backends without an identity.
	t.Setenv("AWS_BEARER_TOKEN_BEDROCK", "key-of-the-environment")
	want["default"] = "Bearer key-of-the-environment"
	check(want)
}

// A rejected role is the sidecar's error, and reveals nothing about the role.
func TestRefusedRole(t *testing.T) {
	bedrocktest.Isolate(t)
	stsServer := httptest.NewServer(&roles{})
	defer stsServer.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", stsServer.URL)
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "a", Identity: awsauth.Identity{RoleARN: template(roleARN + "forbidden")}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, facts, err := bs.All()[0].Converse(t.Context(), call("m", `{}`), translator.Caller{})
	e := asError(t, err)
	if diff := cmp.Diff(failure{502, translator.KindSidecarCredentials, false, 0, "AccessDenied"}, outline(e)); diff != "" {
		t.Error(diff)
	}
	if e.Class != "sts" {
		t.Errorf("class %q, want sts", e.Class)
	}
	if facts.Attempts != 0 || strings.Contains(e.Error()+e.Hint, "forbidden") {
		t.Errorf("%d attempts, error %v, hint %q; want none, and no name of the role", facts.Attempts, e, e.Hint)
	}
}

func TestProfilesRegion(t *testing.T) {
	bedrocktest.Isolate(t)
	profiles(t)
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "a"}, {Name: "b", Identity: awsauth.Identity{Profile: "other"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := bs.All()[0], bs.All()[1]; a.Region() != DefaultRegion || b.Region() != "ap-south-1" {
		t.Errorf("%s, %s", a.Region(), b.Region())
	}
}

func TestNewRefusesIdentities(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("API_KEY", "the-token")
	const there = "http://bedrock.example"
	tests := map[string]struct {
		backend BackendConfig
		server  ServerCredentials
		env     string // of the SDK's bearer token
		want    string
	}{
		"no token":                        {BackendConfig{Identity: awsauth.Identity{BearerTokenEnv: "NO_KEY"}}, 0, "", `bearer_token_env: the environment variable NO_KEY, which must hold the bearer token, is not set`},
		"token over HTTP":                 {BackendConfig{EndpointURL: there, Identity: awsauth.Identity{BearerTokenEnv: "API_KEY"}}, 0, "", `bearer_token_env: the bearer token in API_KEY would be sent to http://bedrock.example unencrypted: use an https endpoint or other credentials`},
		"environment, clear":              {BackendConfig{EndpointURL: there}, 0, "x", `endpoint_url: the bearer token in AWS_BEARER_TOKEN_BEDROCK would be sent to http://bedrock.example unencrypted: use an https endpoint or other credentials`},
		"environment, not used":           {BackendConfig{EndpointURL: there, Identity: awsauth.Identity{RoleARN: template(roleARN + "one")}}, 0, "x", ""},
		"environment, callers' keys only": {BackendConfig{EndpointURL: there}, ServerNever, "x", ""},
		"environment, encrypted":          {BackendConfig{EndpointURL: "https://bedrock.example"}, 0, "x", ""},
		"no profile":                      {BackendConfig{Identity: awsauth.Identity{Profile: "absent"}}, 0, "", `profile: AWS configuration: failed to get shared config profile, absent`},
		"no role":                         {BackendConfig{Identity: awsauth.Identity{RoleARN: template("one")}}, 0, "", `role_arn: "one" is not an ARN`},
		"tag":                             {BackendConfig{Identity: awsauth.Identity{RoleARN: template(roleARN + "one"), SessionTags: map[string]identity.Template{"a": template("b|c")}}}, 0, "", `session_tags: STS does not accept a value: only letters, digits, spaces and _.:/=+-@, at most 256 characters`},
		"id without role":                 {BackendConfig{Identity: awsauth.Identity{ExternalID: "x"}}, 0, "", `external_id: has no effect without role_arn`},
		"FIPS at a URL":                   {BackendConfig{FIPS: true, EndpointURL: there}, 0, "", `fips: chooses among AWS's own endpoints and cannot be combined with endpoint_url`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_BEARER_TOKEN_BEDROCK", tt.env)
			tt.backend.Name = "a"
			_, err := New(t.Context(), Config{ServerCredentials: tt.server, Backends: []BackendConfig{tt.backend}})
			got := ""
			if err != nil {
				got = strings.TrimPrefix(err.Error(), `backend "a": `)
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// hosts answers each call with the host that it was sent to.
type hosts struct{}

func (hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = fmt.Fprintf(w, `{"host":%q}`, r.URL.Host)
	return w.Result(), nil
}

func TestPublicEndpoints(t *testing.T) {
	bedrocktest.Isolate(t)
	bs, err := New(t.Context(), Config{RoundTripper: hosts{}, Backends: []BackendConfig{
		{Name: "plain"}, {Name: "fips", FIPS: true}, {Name: "dual", DualStack: true}, {Name: "both", FIPS: true, DualStack: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"bedrock-runtime.us-east-1.amazonaws.com", "bedrock-runtime-fips.us-east-1.amazonaws.com",
		"bedrock-runtime.us-east-1.api.aws", "bedrock-runtime-fips.us-east-1.api.aws",
	} {
		b := bs.All()[i]
		if raw, _, err := b.Converse(t.Context(), call("m", `{}`), caller); err != nil || string(raw) != fmt.Sprintf(`{"host":%q}`, want) {
			t.Errorf("%s: %s, %v", b.Name(), raw, err)
		}
	}
}
