package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	setmetadatav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_metadata/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"bedrock-extproc/envoy"
)

const identityConfig = `
bedrock_extproc:
  require_identity: true
  identity:
    user: {metadata: [token, payload, sub]}
    groups: {metadata: [token, payload, groups], default: none}
    host: {attribute: xds.virtual_host_name}
    tenant: {grpc_metadata: tenant}
  access:
    - match: {groups: search, tenant: large}
      backend: bedrock-eu
      models: ["eu.*"]
      guardrail: {id: gr-1, version: "1"}
providers:
  llm:
    default: bedrock-us
    backends:
      bedrock-us:
        backend: a.BedrockConverseProvider
        config: {region: us-east-1}
      bedrock-eu:
        backend: a.BedrockConverseProvider
        config:
          region: eu-west-1
          default_model: eu.amazon.nova-micro-v1:0
          request_metadata: {user: "{user}", at: "{host}/{tenant}", groups: "{groups}"}
`

// withOrigin makes Envoy send identity: claims, if not nil, an attribute and gRPC
// metadata.
func withOrigin(t *testing.T, claims map[string]any) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		filter := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		var manager hcmv3.HttpConnectionManager
		unpack(t, filter.GetTypedConfig(), &manager)
		for _, f := range manager.GetHttpFilters() {
			if f.GetName() != envoy.FilterName {
				continue
			}
			var processor extprocv3.ExternalProcessor
			unpack(t, f.GetTypedConfig(), &processor)
			processor.RequestAttributes = []string{"xds.virtual_host_name"}
			processor.MetadataOptions.ForwardingNamespaces = &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{"token"}}
			processor.GrpcService.InitialMetadata = []*corev3.HeaderValue{{Key: "tenant", Value: "large"}}
			repack(t, f.GetTypedConfig(), &processor)
		}
		if claims != nil {
			manager.HttpFilters = append([]*hcmv3.HttpFilter{tokenFilter(t, claims)}, manager.HttpFilters...)
		}
		repack(t, filter.GetTypedConfig(), &manager)
	}
}

// tokenFilter sets claims as dynamic metadata, like a filter that verified a token.
func tokenFilter(t *testing.T, claims map[string]any) *hcmv3.HttpFilter {
	t.Helper()
	token, err := structpb.NewStruct(map[string]any{"payload": claims})
	if err != nil {
		t.Fatal(err)
	}
	config, err := anypb.New(&setmetadatav3.Config{Metadata: []*setmetadatav3.Metadata{{MetadataNamespace: "token", Value: token}}})
	if err != nil {
		t.Fatal(err)
	}
	return &hcmv3.HttpFilter{Name: "token", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: config}}
}

// spoofed are headers that forge an identity. They must have no effect.
var spoofed = []string{
	"X-Provider-LLM", "bedrock-us", "User", "boss", "X-User", "boss", "Tenant", "other", "Token", `{"payload":{"sub":"boss"}}`,
	"Bedrock-Backend", "bedrock-us", "Xds.virtual-host-name", "boss",
}

// TestIdentity checks that identity from Envoy reaches Bedrock and selects the backend,
// guardrail and models, and that the client's headers do not.
func TestIdentity(t *testing.T) {
	s := startWith(t, withOrigin(t, map[string]any{"sub": "ann", "groups": []any{"users", "search"}}), nil, "-config", configFile(t, identityConfig))
	body := `{"messages":[{"role":"user","content":"hi"}],"request_metadata":{"user":"boss","own":"kept"},"guardrail":{"id":"gr-mine"}}`
	for name, client := range protocols() {
		for _, url := range []string{s.completions(), s.stream()} {
			resp := post(t, client, url, body, spoofed...)
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Bedrock-Backend") != "bedrock-eu" {
				t.Fatalf("%s: status %d by %q", name, resp.StatusCode, resp.Header.Get("X-Bedrock-Backend"))
			}
			var sent struct {
				RequestMetadata map[string]string
				GuardrailConfig map[string]string
			}
			c := s.ended(t)
			if err := json.Unmarshal(c.Body, &sent); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"user": "ann", "at": "bedrock/large", "groups": "users search", "own": "kept"}, sent.RequestMetadata); diff != "" {
				t.Error(diff)
			}
			if sent.GuardrailConfig["guardrailIdentifier"] != "gr-1" || c.ModelID != "eu.amazon.nova-micro-v1:0" || c.Region != "eu-west-1" {
				t.Errorf("guardrail %v, model %s in %s", sent.GuardrailConfig, c.ModelID, c.Region)
			}
		}
		resp := post(t, client, s.completions(), `{"model":"us.amazon.nova-micro-v1:0","messages":[{"role":"user","content":"hi"}]}`)
		if e := decodeError(t, resp); resp.StatusCode != http.StatusForbidden || e != "not_permitted" {
			t.Errorf("another model: status %d, %s", resp.StatusCode, e)
		}
	}
}

// Callers without identity, or that match no entry, are rejected without a call to
// Bedrock.
func TestNoIdentity(t *testing.T) {
	for name, c := range map[string]struct {
		claims map[string]any
		status int
		kind   string
	}{
		"no token":      {nil, http.StatusUnauthorized, "missing_identity"},
		"another group": {map[string]any{"sub": "bob", "groups": []any{"users"}}, http.StatusForbidden, "not_permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, withOrigin(t, c.claims), nil, "-config", configFile(t, identityConfig))
			for _, url := range []string{s.completions(), s.stream()} {
				resp := post(t, newClient(false), url, `{"messages":[{"role":"user","content":"hi"}]}`, append(spoofed, "Groups", "search")...)
				if e := decodeError(t, resp); resp.StatusCode != c.status || e != c.kind {
					t.Errorf("status %d, %s", resp.StatusCode, e)
				}
			}
			for i, entry := range s.envoy.AccessLog(t, 2) {
				if entry["details"] != "bedrock_extproc_"+c.kind || entry["error"] != c.kind {
					t.Errorf("entry %d of the access log: %v", i, entry)
				}
			}
			if n := len(s.bedrock.Calls()); n != 0 {
				t.Errorf("Bedrock got %d calls", n)
			}
		})
	}
}

// decodeError returns the error type of a response.
func decodeError(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	var answer struct {
		Error struct{ Type string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("%v: %s", err, resp.Header.Get("Content-Type"))
	}
	return answer.Error.Type
}
