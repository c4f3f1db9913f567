package bedrock

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// A backend that cannot be reached, whatever the reason, leaves its calls to its
// fallback, and so does one whose credentials cannot be fetched for now. A role that STS
// refuses is an answer to the caller, whom the fallback must not serve.
func TestMisconfiguredBackendsFallBack(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	good := bedrocktest.Serve(t, bedrocktest.Reply)
	plain := strings.Replace(good, "http", "https", 1)
	sts := httptest.NewServer(&roles{})
	defer sts.Close()
	for name, c := range map[string]struct {
		backend  BackendConfig
		sts      string
		lines    int // of failed steps
		fallback bool
	}{
		"refused":        {BackendConfig{EndpointURL: "http://127.0.0.1:1"}, "", 2, true},
		"plain HTTP":     {BackendConfig{EndpointURL: plain}, "", 1, true},
		"unknown host":   {BackendConfig{EndpointURL: "https://bedrock.invalid"}, "", 1, true},
		"STS away":       {BackendConfig{EndpointURL: good, Identity: roleIdentity("r")}, "http://127.0.0.1:1", 1, true},
		"role not given": {BackendConfig{EndpointURL: good, Identity: roleIdentity("forbidden")}, sts.URL, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL_STS", c.sts)
			c.backend.Name, c.backend.Fallback = "a", []string{"b"}
			var log bytes.Buffer
			bs, err := New(t.Context(), Config{
				Backends: []BackendConfig{c.backend, {Name: "b", EndpointURL: good}},
				Retry:    Retry{Attempts: 2, BaseDelay: -1}, Log: jsonLog(&log),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer bs.CloseIdleConnections()
			_, facts, err := bs.list[0].Converse(t.Context(), call("m", `{}`), translator.Caller{})
			if (err == nil) != c.fallback || c.fallback && facts.Backend != "b" {
				t.Errorf("%+v, %v", facts, err)
			}
			if got := strings.Count(log.String(), "a step of a call"); got != c.lines {
				t.Errorf("%d lines:\n%s", got, log.String())
			}
			if cools := strings.Contains(log.String(), "cooling down"); cools != c.fallback {
				t.Errorf("cools down: %v", cools)
			}
		})
	}
}

func roleIdentity(name string) awsauth.Identity {
	return awsauth.Identity{RoleARN: template(roleARN + name)}
}

// A connection that is cut in the middle of a stream is logged too.
func TestCauseOfACutStream(t *testing.T) {
	b, _ := standIn(t)
	var log bytes.Buffer
	b.log = jsonLog(&log)
	_, _, err := collect(t.Context(), b, call("m#fault=reset&at=2&tokens=20", hello), fakeCaller)
	e, ok := errors.AsType[*translator.Error](err)
	if !ok || e.Class != "reset" || !strings.Contains(log.String(), `"class":"reset"`) || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("%+v\n%s", e, log.String())
	}
}
