package bedrock

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// sessionsBackend returns a backend whose role depends on the caller, and its fake
// STS.
func sessionsBackend(t *testing.T, id awsauth.Identity) (*Backend, *roles) {
	t.Helper()
	bedrocktest.Isolate(t)
	sts := &roles{}
	stsServer := httptest.NewServer(sts)
	t.Cleanup(stsServer.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", stsServer.URL)
	bedrock := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
		_, _ = fmt.Fprintf(w, `{"who":%q}`, who)
	}))
	t.Cleanup(bedrock.Close)
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "a", EndpointURL: bedrock.URL, Identity: id}}})
	if err != nil {
		t.Fatal(err)
	}
	return bs.All()[0], sts
}

var perTeam = awsauth.Identity{
	RoleARN: template(roleARN + "{team}"), SessionName: template("{user}"), SessionTags: map[string]identity.Template{"team": template("{team}"), "who": template("it is {user}")},
}

// Each identity has its own session, which is assumed once.
func TestSessions(t *testing.T) {
	b, sts := sessionsBackend(t, perTeam)
	for range 3 {
		for _, c := range []struct {
			caller translator.Caller
			want   string
		}{
			{translator.Caller{Values: map[string]string{"team": "one", "user": "ann"}}, "ASIAone"},
			{translator.Caller{Values: map[string]string{"team": "two", "user": "ann"}}, "ASIAtwo"},
			{translator.Caller{Values: map[string]string{"team": "two", "user": "bob@x"}}, "ASIAtwo"},
			{translator.Caller{AccessKeyID: "AKIDOWN", SecretAccessKey: "s"}, "AKIDOWN"},
		} {
			raw, _, err := b.Converse(t.Context(), call("m", `{}`), c.caller)
			if want := fmt.Sprintf(`{"who":%q}`, c.want); err != nil || string(raw) != want {
				t.Errorf("%v: %s, %v", c.caller.Values, raw, err)
			}
		}
	}
	slices.Sort(sts.asked)
	if diff := cmp.Diff([]string{
		"AKIDSIDECAR in us-east-1: one as ann  team=one who=it is ann",
		"AKIDSIDECAR in us-east-1: two as ann  team=two who=it is ann",
		"AKIDSIDECAR in us-east-1: two as bob@x  team=two who=it is bob@x",
	}, sts.asked); diff != "" {
		t.Error(diff)
	}
}

// A missing value, or one that would change the role or a tag, is rejected before
// STS is asked.
func TestSessionsRefuse(t *testing.T) {
	long := perTeam
	long.RoleARN = template(roleARN + "bedrock-{team}")
	b, sts := sessionsBackend(t, long)
	for _, c := range []struct {
		values map[string]string
		want   failure
	}{
		{nil, failure{401, translator.KindMissingIdentity, false, 0, ""}},
		{map[string]string{"team": "one"}, failure{401, translator.KindMissingIdentity, false, 0, ""}},
		{map[string]string{"team": "one/two", "user": "ann"}, failure{403, translator.KindNotPermitted, false, 0, ""}},
		{map[string]string{"team": "*", "user": "ann"}, failure{403, translator.KindNotPermitted, false, 0, ""}},
		{map[string]string{"team": "one", "user": "ann|bob"}, failure{403, translator.KindNotPermitted, false, 0, ""}},
		{map[string]string{"team": "one", "user": strings.Repeat("a", 256)}, failure{403, translator.KindNotPermitted, false, 0, ""}},
		{map[string]string{"team": strings.Repeat("a", 64), "user": "ann"}, failure{403, translator.KindNotPermitted, false, 0, ""}},
	} {
		_, facts, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{Values: c.values})
		if e := asError(t, err); outline(e) != c.want || facts.Attempts != 0 {
			t.Errorf("%v: %+v", c.values, e)
		} else if e.Status == 403 && !strings.Contains(e.Message, `"team"`) && !strings.Contains(e.Message, `"user"`) {
			t.Errorf("%v: which value it is, is not said: %s", c.values, e.Message)
		}
	}
	if len(sts.asked) > 0 {
		t.Errorf("asked for %q", sts.asked)
	}
}

// throttling is the URL of a Bedrock that throttles one model.
func throttling(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/throttled/") {
			bedrocktest.Refuse(w, 429, "ThrottlingException")
			return
		}
		_, _ = fmt.Fprint(w, `{}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// While a backend cools down, its fallbacks still do not serve callers that it would
// reject.
func TestSessionsOfARestingBackend(t *testing.T) {
	bedrocktest.Isolate(t)
	sts := httptest.NewServer(&roles{})
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	bedrock := throttling(t)
	bs, err := New(t.Context(), Config{Retry: Retry{Attempts: 1}, CoolDown: CoolDown{First: time.Minute, Max: time.Minute}, Backends: []BackendConfig{
		{Name: "a", EndpointURL: bedrock, Models: map[string]string{"m": "throttled"}, Fallback: []string{"b"}, Identity: awsauth.Identity{RoleARN: template(roleARN + "one"), SessionTags: map[string]identity.Template{"team": template("{team}")}}},
		{Name: "b", EndpointURL: bedrock, Models: map[string]string{"m": "good"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		team string
		want translator.Kind
	}{{"x", ""}, {"", translator.KindMissingIdentity}, {"a|b", translator.KindNotPermitted}, {"x", ""}} {
		_, facts, err := bs.All()[0].Converse(t.Context(), call("m", `{}`), translator.Caller{Values: map[string]string{"team": c.team}})
		if c.want == "" && (err != nil || facts.Backend != "b") || c.want != "" && asError(t, err).Kind != c.want {
			t.Errorf("call %d: %+v, %v", i, facts, err)
		}
	}
}

// A fallback whose role cannot be assumed for a caller is skipped.
func TestSessionsOfAFallback(t *testing.T) {
	bedrocktest.Isolate(t)
	bedrock := throttling(t)
	bs, err := New(t.Context(), Config{Retry: Retry{Attempts: 1}, Backends: []BackendConfig{
		{Name: "a", EndpointURL: bedrock, Models: map[string]string{"m": "throttled"}, Fallback: []string{"b", "c"}},
		{Name: "b", EndpointURL: bedrock, Identity: perTeam},
		{Name: "c", EndpointURL: bedrock, Models: map[string]string{"m": "good"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, facts, err := bs.All()[0].Converse(t.Context(), call("m", `{}`), translator.Caller{})
	if err != nil || facts.Backend != "c" || facts.Attempts != 2 {
		t.Errorf("got %+v, %v, want an answer of c after 2 attempts", facts, err)
	}
}
