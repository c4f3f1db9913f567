package ratelimit

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const (
	annsKey = "replace-this-key-of-ann"
	bobsKey = "replace-this-key-of-bob"
	// asBoss claims another user in the body.
	asBoss = `{"messages":[{"role":"user","content":"hi"}],"request_metadata":{"user":"boss"}}`
)

// forged are headers by which a client claims to be another owner of a key.
var forged = []string{"X-Api-Client", "boss", "X-Api-Client", "ann", "X-User", "boss"}

// TestNoKey checks that Envoy rejects calls without a valid key, whatever their headers
// say.
func TestNoKey(t *testing.T) {
	s := startExample(t, "apikeys")
	for name, headers := range map[string][]string{
		"no key":              nil,
		"forged owner":        forged,
		"another key":         {"Authorization", "Bearer " + annsKey + "x"},
		"a prefix of a key":   {"X-Api-Key", annsKey[:len(annsKey)-1]},
		"an empty key":        {"X-Api-Key", ""},
		"an owner as the key": {"X-Api-Key", "ann"},
		"another scheme":      {"Authorization", "Basic " + annsKey},
		"another header":      {"Api-Key", annsKey},
	} {
		t.Run(name, func(t *testing.T) {
			for _, http2 := range []bool{false, true} {
				for _, path := range []string{whole, stream, "/v1/messages", "/v1/models"} {
					if r := s.post(t, s.trusting(t, http2), path, prompt, headers...); r.status != http.StatusUnauthorized || r.kind != "envoy_unauthenticated" {
						t.Errorf("%s: %+v", path, r)
					}
				}
			}
		})
	}
	if n := s.bedrock.Received(); n != 0 {
		t.Errorf("Bedrock got %d calls", n)
	}
}

// TestKeyIsIdentity checks that a call has the identity of its key's owner, regardless of
// its headers and body, and that the owner's rule for models applies.
func TestKeyIsIdentity(t *testing.T) {
	s := startExample(t, "apikeys")
	for _, key := range [][]string{
		{"Authorization", "Bearer " + bobsKey}, {"Authorization", bobsKey}, {"X-Api-Key", bobsKey},
	} {
		for _, http2 := range []bool{false, true} {
			if r := s.post(t, s.trusting(t, http2), whole, asBoss, append(key, forged...)...); r.status != http.StatusOK {
				t.Fatalf("%v: %+v", key, r)
			}
		}
	}
	for _, call := range s.bedrock.Calls() {
		var sent struct{ RequestMetadata map[string]string }
		if err := json.Unmarshal(call.Body, &sent); err != nil || len(sent.RequestMetadata) != 1 || sent.RequestMetadata["user"] != "bob" {
			t.Errorf("metadata %v, %v", sent.RequestMetadata, err)
		}
	}
	for _, entry := range s.envoy.AccessLog(t, 6) {
		if entry["subject"] != "bob" {
			t.Errorf("the log has subject %v", entry["subject"])
		}
	}
	const claude = `{"model":"us.anthropic.claude-sonnet-4-20250514-v1:0","messages":[{"role":"user","content":"hi"}]}`
	for key, want := range map[string]int{annsKey: http.StatusOK, bobsKey: http.StatusForbidden} {
		if r := s.post(t, s.client, whole, claude, append([]string{"X-Api-Key", key}, forged...)...); r.status != want {
			t.Errorf("%s: %+v", key, r)
		}
	}
}

// TestKeyBudget checks that each owner of a key has a budget, which others cannot spend.
func TestKeyBudget(t *testing.T) {
	s := startExample(t, "apikeys", "requests_per_unit: 1000000", "requests_per_unit: 20", "requests_per_unit: 100000", "requests_per_unit: 30")
	reports := 0
	ask := func(key string, reported int) reply {
		r := s.post(t, s.client, whole, prompt, append([]string{"Authorization", "Bearer " + key}, forged...)...)
		reports += reported
		s.envoy.AwaitStat(t, "cluster.ratelimit.upstream_rq_completed", reports)
		return r
	}
	for spent := 0; spent <= 30; {
		r := ask(bobsKey, 2)
		if r.status != http.StatusOK || r.tokens == 0 {
			t.Fatalf("after %d tokens: %+v", spent, r)
		}
		spent += r.tokens
	}
	if r := ask(bobsKey, 1); r.status != http.StatusTooManyRequests || r.kind != "envoy_rate_limited" {
		t.Errorf("bob: %+v", r)
	}
	if r := ask(annsKey, 2); r.status != http.StatusOK || r.remaining != "20" {
		t.Errorf("ann, whose budget bob has claimed: %+v", r)
	}
}

// TestKeyProbes checks that probes need no key.
func TestKeyProbes(t *testing.T) {
	s := startExample(t, "apikeys")
	for _, path := range []string{"/healthz", "/readyz"} {
		resp, err := s.client.Get(strings.Replace(s.envoy.URL, "http:", "https:", 1) + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}
