package awsauth

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"

	"bedrock-extproc/internal/identity"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

var perTeam = Identity{
	RoleARN: template("arn:aws:iam::123456789012:role/{team}"), SessionName: template("{user}"),
	SessionTags: map[string]identity.Template{"team": template("{team}"), "who": template("it is {user}")},
}

// template parses a template that is known to be valid.
func template(text string) identity.Template {
	t, err := identity.Parse(text)
	if err != nil {
		panic(err)
	}
	return t
}

func newTestAuthenticator(t *testing.T, id Identity) *Authenticator {
	t.Helper()
	bedrocktest.Isolate(t)
	auth, err := NewLoader("us-east-1", zap.NewNop()).Authenticator(t.Context(), id, Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	return auth
}

// Session names are valid for STS, and different callers never share one.
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
		if hashed := strings.HasSuffix(want, ","); !isRoleName(got) || len(got) < 2 || !strings.HasPrefix(got, want) || hashed != (got != want) {
			t.Errorf("%q: %q", from, got)
		}
	}
}

// The least recently used sessions are dropped first.
func TestSessionsAreBounded(t *testing.T) {
	s := newTestAuthenticator(t, perTeam).sidecar.(*roleSessions)
	get := func(user int) *sidecarCredentials {
		c, err := s.forCaller(translator.Caller{Values: map[string]string{"team": "one", "user": fmt.Sprint("user", user)}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := get(0), get(1)
	for i := 2; i < maxSessions; i++ {
		get(i)
	}
	if get(0) != first {
		t.Error("a session was forgotten too early")
	}
	get(maxSessions)
	if get(0) != first || get(1) == second || s.used.Len() != maxSessions || len(s.byKey) != maxSessions {
		t.Errorf("the wrong one was forgotten, %d are left", s.used.Len())
	}
}

// Roles in different accounts have different payers.
func TestSessionsPayer(t *testing.T) {
	auth := newTestAuthenticator(t, perTeam)
	payer := func(team, user string) string {
		return auth.Payer(translator.Caller{Values: map[string]string{"team": team, "user": user}})
	}
	if payer("one", "ann") != payer("one", "bob") || payer("one", "ann") == payer("two", "ann") {
		t.Error(payer("one", "ann"), payer("one", "bob"), payer("two", "ann"))
	}
	if got := auth.Payer(translator.Caller{AccessKeyID: "AKIDOWN", SecretAccessKey: "s", Values: map[string]string{"team": "one"}}); got != "AKIDOWN" {
		t.Errorf("a caller with keys: %s", got)
	}
}
