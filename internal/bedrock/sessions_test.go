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

	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

// sessionsBackend is a backend whose role depends on who calls, and the STS that it
// asks.
func sessionsBackend(t *testing.T, id Identity) (*Backend, *roles) {
	t.Helper()
	isolate(t)
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

var perTeam = Identity{
	RoleARN: template(roleARN + "{team}"), SessionName: template("{user}"), SessionTags: map[string]identity.Template{"team": template("{team}"), "who": template("it is {user}")},
}

// Each identity has a session of its own, which is assumed once.
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

// What is missing, or would make another role or tag of it, is refused before
// anything is asked.
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

// Session names are what STS takes, and never two callers' at once.
func TestSessionNames(t *testing.T) {
	long := "spiffe://cluster.local/ns/a-rather-long-namespace-of-a-tenant/sa/"
	callers := map[string]string{}
	for from, want := range map[string]string{
		"ann@example.com": "ann@example.com", "auth0|ann": "auth0=7Cann", "auth0=7Cann": "auth0=3D7Cann", "émile": "=C3=A9mile", "ümile": "=C3=BCmile", "a,b": "a=2Cb",
		"x": "x,", long + "batch": "spiffe=3A=2F=2Fcluster.local=2F,", long + "admin": "spiffe=3A=2F=2Fcluster.local=2F,",
	} {
		got := sessionName(from)
		if same := callers[got]; same != "" {
			t.Errorf("%q and %q are both %s", from, same, got)
		}
		callers[got] = from
		if hashed := strings.HasSuffix(want, ","); !roleText.MatchString(got) || len(got) < 2 || !strings.HasPrefix(got, want) || hashed != (got != want) {
			t.Errorf("%q: %q", from, got)
		}
	}
}

// The sessions that were not used for the longest time are forgotten first.
func TestSessionsAreBounded(t *testing.T) {
	b, _ := sessionsBackend(t, perTeam)
	s := b.own.(*sessions)
	get := func(user int) *ownCredentials {
		own, err := s.of(translator.Caller{Values: map[string]string{"team": "one", "user": fmt.Sprint("user", user)}})
		if err != nil {
			t.Fatal(err)
		}
		return own
	}
	first, second := get(0), get(1)
	for i := 2; i < maxSessions; i++ {
		get(i)
	}
	if get(0) != first {
		t.Error("a session was forgotten too early")
	}
	get(maxSessions)
	if get(0) != first || get(1) == second || s.latest.Len() != maxSessions || len(s.byKey) != maxSessions {
		t.Errorf("the wrong one was forgotten, %d are left", s.latest.Len())
	}
}

// One account's throttles are not another's.
func TestSessionsPayer(t *testing.T) {
	b, _ := sessionsBackend(t, perTeam)
	payer := func(team, user string) string {
		return b.own.payer(translator.Caller{Values: map[string]string{"team": team, "user": user}})
	}
	if payer("one", "ann") != payer("one", "bob") || payer("one", "ann") == payer("two", "ann") {
		t.Error(payer("one", "ann"), payer("one", "bob"), payer("two", "ann"))
	}
}

// throttling is the address of a Bedrock that throttles one model.
func throttling(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/throttled/") {
			refuse(w, 429, "ThrottlingException")
			return
		}
		_, _ = fmt.Fprint(w, `{}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// While a backend rests its fallbacks still are not for those who are refused there.
func TestSessionsOfARestingBackend(t *testing.T) {
	isolate(t)
	sts := httptest.NewServer(&roles{})
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	bedrock := throttling(t)
	bs, err := New(t.Context(), Config{Retry: Retry{Attempts: 1}, CoolDown: CoolDown{First: time.Minute, Max: time.Minute}, Backends: []BackendConfig{
		{Name: "a", EndpointURL: bedrock, Models: map[string]string{"m": "throttled"}, Fallback: []string{"b"}, Identity: Identity{RoleARN: template(roleARN + "one"), SessionTags: map[string]identity.Template{"team": template("{team}")}}},
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

// A fallback whose role cannot be had for a caller is passed over.
func TestSessionsOfAFallback(t *testing.T) {
	isolate(t)
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
		t.Errorf("%+v, %v", facts, err)
	}
}
