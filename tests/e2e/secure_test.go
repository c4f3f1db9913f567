package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const askAsBoss = `{"messages":[{"role":"user","content":"What is 2+2?"}],"request_metadata":{"user":"boss"}}`

// TestSecure checks that Envoy answers 401 without a token and 403 for another group,
// and that an allowed call has the token's identity regardless of headers.
func TestSecure(t *testing.T) {
	x := startExample(t, "secure", nil)
	other := &example{keys: t.TempDir()}
	for name, c := range map[string]struct {
		token   string
		headers []string
		status  int
		kind    string
	}{
		"no token":                      {"", nil, 401, "envoy_unauthenticated"},
		"no token, forged headers":      {"", spoofedClaims, 401, "envoy_unauthenticated"},
		"not a token":                   {"boss", nil, 401, "envoy_unauthenticated"},
		"out of date":                   {x.token(t, "-lasts", "-2m"), nil, 401, "envoy_unauthenticated"},
		"another issuer's":              {other.token(t), nil, 401, "envoy_unauthenticated"},
		"another group":                 {x.token(t, "-groups", "users,llms"), nil, 403, "envoy_forbidden"},
		"another group, forged headers": {x.token(t, "-groups", "users"), append(spoofedClaims, "X-Groups", "llm"), 403, "envoy_forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, http2 := range []bool{false, true} {
				resp := x.ask(t, http2, c.token, askAsBoss, c.headers...)
				if kind := decodeError(t, resp); resp.StatusCode != c.status || kind != c.kind {
					t.Errorf("status %d, %s", resp.StatusCode, kind)
				}
			}
		})
	}
	if calls := x.bedrock.Calls(); len(calls) > 0 {
		t.Fatalf("Bedrock got %d calls", len(calls))
	}

	for _, http2 := range []bool{false, true} {
		resp := x.ask(t, http2, x.token(t, "-sub", "ann@example.com", "-groups", "users,llm"), askAsBoss, spoofedClaims...)
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d: %s", resp.StatusCode, body)
		}
		var sent struct{ RequestMetadata map[string]string }
		if err := json.Unmarshal(x.ended(t).Body, &sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"user": "ann@example.com", "team": "search"}, sent.RequestMetadata); diff != "" {
			t.Error(diff)
		}
	}
}

// spoofedClaims are headers that forge claims. They must have no effect.
var spoofedClaims = []string{
	"X-User", "boss", "X-Sub", "boss", "X-Jwt-Payload", `{"sub":"boss"}`, "X-Team", "boss", "X-Forwarded-User", "boss",
	"X-Envoy-External-Address", "10.0.0.1", "X-Forwarded-Client-Cert", "By=boss", "Sub", "boss",
}

// ask posts a body with a token; "" sends none.
func (x *example) ask(t *testing.T, http2 bool, token, body string, headers ...string) *http.Response {
	t.Helper()
	if token != "" {
		headers = append([]string{"Authorization", "Bearer " + token}, headers...)
	}
	return post(t, x.client(t, http2), x.completions(), body, headers...)
}

// TestSecureModels checks that the sidecar allows models by team.
func TestSecureModels(t *testing.T) {
	x := startExample(t, "secure", nil)
	const claude = `{"model":"us.anthropic.claude-sonnet-4-20250514-v1:0","messages":[{"role":"user","content":"hi"}]}`
	for team, want := range map[string]int{"search": 200, "ads": 403, "": 403} {
		resp := x.ask(t, false, x.token(t, "-team", team), claude)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("team %q: status %d, want %d", team, resp.StatusCode, want)
		}
	}
}

// TestSecureAccessLog checks the log's subject, tokens and rejection details.
func TestSecureAccessLog(t *testing.T) {
	x := startExample(t, "secure", nil)
	for _, token := range []string{"", x.token(t, "-groups", "users"), x.token(t)} {
		x.ask(t, false, token, askAsBoss).Body.Close()
	}
	byStatus := map[any]map[string]any{}
	for _, entry := range x.envoy.AccessLog(t, 3) {
		byStatus[entry["status"]] = entry
	}
	if entry := byStatus[401.0]; !strings.HasPrefix(fmt.Sprint(entry["details"]), "jwt_authn_access_denied") || entry["subject"] != nil {
		t.Errorf("without a token: %v", entry)
	}
	if entry := byStatus[403.0]; !strings.HasPrefix(fmt.Sprint(entry["details"]), "rbac_access_denied") || entry["subject"] != "ann" {
		t.Errorf("of another group: %v", entry)
	}
	entry := byStatus[200.0]
	if entry["details"] != "bedrock_extproc_ok" || entry["subject"] != "ann" || entry["model"] != "us.amazon.nova-lite-v1:0" {
		t.Errorf("allowed: %v", entry)
	}
	in, _ := entry["input_tokens"].(float64)
	out, _ := entry["output_tokens"].(float64)
	if in <= 0 || out <= 0 || entry["total_tokens"] != in+out {
		t.Errorf("tokens of %v", entry)
	}
}

// TestSecureProbes checks that probes need no token.
func TestSecureProbes(t *testing.T) {
	x := startExample(t, "secure", nil)
	for _, path := range []string{"/healthz", "/readyz"} {
		resp, err := x.client(t, true).Get(x.url(path))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}

// withSmallBucket sets the local rate limit to two calls.
func withSmallBucket(t *testing.T) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		config := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
		var manager hcmv3.HttpConnectionManager
		unpack(t, config, &manager)
		for _, f := range manager.GetHttpFilters() {
			if f.GetName() == "envoy.filters.http.local_ratelimit" {
				var limit localv3.LocalRateLimit
				unpack(t, f.GetTypedConfig(), &limit)
				limit.TokenBucket.MaxTokens, limit.TokenBucket.TokensPerFill = 2, wrapperspb.UInt32(1)
				limit.TokenBucket.FillInterval = durationpb.New(time.Hour)
				repack(t, f.GetTypedConfig(), &limit)
			}
		}
		repack(t, config, &manager)
	}
}

// TestSecureRateLimit checks that calls above the limit get 429 and do not reach
// Bedrock, and that calls rejected earlier do not count.
func TestSecureRateLimit(t *testing.T) {
	x := startExample(t, "secure", withSmallBucket(t))
	token := x.token(t)
	for i, want := range []struct {
		token  string
		status int
	}{{"", 401}, {"", 401}, {token, 200}, {token, 200}, {token, 429}} {
		resp := x.ask(t, false, want.token, askAsBoss)
		resp.Body.Close()
		if resp.StatusCode != want.status {
			t.Errorf("call %d: status %d, want %d", i, resp.StatusCode, want.status)
		}
	}
	if n := len(x.bedrock.Calls()); n != 2 {
		t.Errorf("Bedrock got %d calls", n)
	}
	entries := x.envoy.AccessLog(t, 5)
	if details := entries[4]["details"]; details != "local_rate_limited" {
		t.Errorf("details %v", details)
	}
}
