package doctor

import (
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	jsonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/json_to_metadata/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	luav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	setv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_metadata/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// jwt is a jwt_authn filter whose providers write their payloads to these keys.
func jwt(t *testing.T, keys map[string]string) *hcmv3.HttpFilter {
	config := &jwtv3.JwtAuthentication{Providers: map[string]*jwtv3.JwtProvider{}}
	for provider, key := range keys {
		config.Providers[provider] = &jwtv3.JwtProvider{PayloadInMetadata: key}
	}
	return httpFilter(t, "jwt", config)
}

// brokenIdentities have filters that write other dynamic metadata than identity reads.
func brokenIdentities() []broken {
	const jwtPath = "envoy.filters.http.jwt_authn/jwt_payload/sub"
	one := func(name, problem string, path []string, filters func(*testing.T) []*hcmv3.HttpFilter) broken {
		want := []string{}
		if problem != "" {
			want = []string{"identity-unpublished: " + filterWhere + ": " + problem}
		}
		return broken{name, func(t *testing.T, s *site) {
			s.options.Metadata = [][]string{path}
			s.config.MetadataOptions.ForwardingNamespaces = &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: path[:1]}
			s.insert(0, filters(t)...)
		}, want}
	}
	sub := []string{jwtNamespace, "jwt_payload", "sub"}
	providers := func(keys map[string]string) func(*testing.T) []*hcmv3.HttpFilter {
		return func(t *testing.T) []*hcmv3.HttpFilter { return []*hcmv3.HttpFilter{jwt(t, keys)} }
	}
	set := func(t *testing.T) []*hcmv3.HttpFilter {
		value, err := structpb.NewStruct(map[string]any{"team": "a"})
		if err != nil {
			t.Fatal(err)
		}
		return []*hcmv3.HttpFilter{
			httpFilter(t, "set", &setv3.Config{Metadata: []*setv3.Metadata{{MetadataNamespace: "acme", Value: value}}}),
			httpFilter(t, "json", &jsonv3.JsonToMetadata{RequestRules: &jsonv3.JsonToMetadata_MatchRules{Rules: []*jsonv3.JsonToMetadata_Rule{{
				OnPresent: &jsonv3.JsonToMetadata_KeyValuePair{MetadataNamespace: "acme", Key: "model"},
			}}}}),
		}
	}
	headers := func(t *testing.T) []*hcmv3.HttpFilter {
		return []*hcmv3.HttpFilter{httpFilter(t, "copy", &headerv3.Config{RequestRules: []*headerv3.Config_Rule{
			{Header: "x-user", OnHeaderMissing: &headerv3.Config_KeyValuePair{MetadataNamespace: "acme", Key: "user"}},
		}})}
	}
	return []broken{
		one("jwt_authn agrees", "", sub, providers(map[string]string{"a": "jwt_payload"})),
		one("jwt_authn with another key", "identity reads "+jwtPath+`, but filter "jwt" writes envoy.filters.http.jwt_authn/payload/CLAIM`,
			sub, providers(map[string]string{"a": "payload"})),
		one("jwt_authn without a key", "identity reads "+jwtPath+`, but filter "jwt" writes nothing there`, sub, providers(map[string]string{"a": ""})),
		one("identity without the key", `identity reads envoy.filters.http.jwt_authn/sub, but filter "jwt" writes envoy.filters.http.jwt_authn/jwt_payload/CLAIM`,
			[]string{jwtNamespace, "sub"}, providers(map[string]string{"a": "jwt_payload"})),
		one("identity without a claim", `identity reads envoy.filters.http.jwt_authn/jwt_payload, but filter "jwt" writes envoy.filters.http.jwt_authn/jwt_payload/CLAIM`,
			[]string{jwtNamespace, "jwt_payload"}, providers(map[string]string{"a": "jwt_payload"})),
		one("no jwt_authn", "identity reads "+jwtPath+", but no filter before ext_proc writes envoy.filters.http.jwt_authn",
			sub, func(t *testing.T) []*hcmv3.HttpFilter {
				return []*hcmv3.HttpFilter{httpFilter(t, "rbac", &rbacv3.RBAC{})}
			}),
		one("ext_authz writes what its server wants", "", []string{"envoy.filters.http.ext_authz", "user"}, func(*testing.T) []*hcmv3.HttpFilter {
			return []*hcmv3.HttpFilter{{Name: "envoy.filters.http.ext_authz"}}
		}),
		one("set_metadata agrees", "", []string{"acme", "team"}, set),
		one("json_to_metadata agrees", "", []string{"acme", "model"}, set),
		one("set_metadata with another key", `identity reads acme/user, but filter "set" writes acme/team, filter "json" writes acme/model`, []string{"acme", "user"}, set),
		one("header_to_metadata with another key", `identity reads acme/team, but filter "copy" writes acme/user`, []string{"acme", "team"}, headers),
		one("a script writes its own namespace", "", []string{"acme", "user"}, func(t *testing.T) []*hcmv3.HttpFilter {
			return []*hcmv3.HttpFilter{httpFilter(t, "script", &luav3.Lua{})}
		}),
		{"one of two providers", func(t *testing.T, s *site) {
			s.options.Metadata = [][]string{sub}
			s.insert(0, jwt(t, map[string]string{"a": "jwt_payload", "b": "payload"}))
		}, []string{"identity-partly-published: " + filterWhere + ": identity reads " + jwtPath + `, but providers "b" of filter "jwt" do not write it`}},
	}
}
