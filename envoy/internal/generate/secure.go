package main

import (
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const (
	jwtFilter = "envoy.filters.http.jwt_authn"
	// payloadKey is the key of the claims in jwt_authn's dynamic metadata.
	payloadKey = "jwt_payload"
	// group is the group whose members may call.
	group = "llm"
)

// subject is the subject of a call's JWT.
var subject = caller{jwtFilter, []string{payloadKey, "sub"}}

// secure has TLS, JWT authentication, a group of callers and a local rate limit.
func secure() (*bootstrapv3.Bootstrap, error) {
	b, err := withTLS()
	if err != nil {
		return nil, err
	}
	return b, editManager(b, func(m *hcmv3.HttpConnectionManager) error {
		jwt, err := filter(jwtFilter, jwtAuthn())
		if err != nil {
			return err
		}
		rbac, err := filter("envoy.filters.http.rbac", &rbacfilterv3.RBAC{Rules: rules()})
		if err != nil {
			return err
		}
		limit, err := filter("envoy.filters.http.local_ratelimit", localRateLimit())
		if err != nil {
			return err
		}
		insert(m, jwt, rbac, limit)
		return logSubject(m.GetAccessLog()[0], subject)
	})
}

// withTLS is the basic configuration, with a listener that has a certificate.
func withTLS() (*bootstrapv3.Bootstrap, error) {
	b, err := envoy.Bootstrap(envoy.Config{Listen: "127.0.0.1:8443"})
	if err != nil {
		return nil, err
	}
	b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].TransportSocket, err = downstreamTLS()
	return b, err
}

func downstreamTLS() (*corev3.TransportSocket, error) {
	file := func(name string) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: name}}
	}
	config, err := anypb.New(&tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
		TlsCertificates: []*tlsv3.TlsCertificate{{CertificateChain: file("keys/tls.crt"), PrivateKey: file("keys/tls.key")}},
		AlpnProtocols:   []string{"h2", "http/1.1"},
		TlsParams:       &tlsv3.TlsParameters{TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2},
	}})
	if err != nil {
		return nil, err
	}
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: config},
	}, nil
}

// jwtAuthn requires a JWT, except for probes. It removes the JWT from the request
// and stores the claims as dynamic metadata.
func jwtAuthn() *jwtv3.JwtAuthentication {
	prefix := func(p string) *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: p}}
	}
	return &jwtv3.JwtAuthentication{
		Providers: map[string]*jwtv3.JwtProvider{"issuer": {
			Issuer:    "https://issuer.example",
			Audiences: []string{"bedrock"},
			JwksSourceSpecifier: &jwtv3.JwtProvider_LocalJwks{LocalJwks: &corev3.DataSource{
				Specifier: &corev3.DataSource_Filename{Filename: "keys/jwks.json"},
			}},
			PayloadInMetadata: payloadKey,
			RequireExpiration: true,
		}},
		Rules: []*jwtv3.RequirementRule{
			{Match: prefix("/healthz")},
			{Match: prefix("/readyz")},
			{
				Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
				RequirementType: &jwtv3.RequirementRule_Requires{Requires: &jwtv3.JwtRequirement{
					RequiresType: &jwtv3.JwtRequirement_ProviderName{ProviderName: "issuer"},
				}},
			},
		},
	}
}

// rules allow probes, and members of the group.
func rules() *rbacv3.RBAC {
	anybody := []*rbacv3.Principal{{Identifier: &rbacv3.Principal_Any{Any: true}}}
	path := func(p string) *rbacv3.Permission {
		return &rbacv3.Permission{Rule: &rbacv3.Permission_UrlPath{UrlPath: &matcherv3.PathMatcher{
			Rule: &matcherv3.PathMatcher_Path{Path: exact(p)},
		}}}
	}
	return &rbacv3.RBAC{Action: rbacv3.RBAC_ALLOW, Policies: map[string]*rbacv3.Policy{
		"probes": {Permissions: []*rbacv3.Permission{path("/healthz"), path("/readyz")}, Principals: anybody},
		"llm": {
			Permissions: []*rbacv3.Permission{{Rule: &rbacv3.Permission_Any{Any: true}}},
			Principals: []*rbacv3.Principal{{Identifier: &rbacv3.Principal_SourcedMetadata{SourcedMetadata: &rbacv3.SourcedMetadata{
				MetadataMatcher: &matcherv3.MetadataMatcher{
					Filter: jwtFilter, Path: []*matcherv3.MetadataMatcher_PathSegment{segment(payloadKey), segment("groups")},
					Value: &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_ListMatch{ListMatch: &matcherv3.ListMatcher{
						MatchPattern: &matcherv3.ListMatcher_OneOf{OneOf: &matcherv3.ValueMatcher{
							MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: exact(group)},
						}},
					}}},
				},
			}}}},
		},
	}}
}

func exact(text string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: text}}
}

func segment(key string) *matcherv3.MetadataMatcher_PathSegment {
	return &matcherv3.MetadataMatcher_PathSegment{Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: key}}
}

// localRateLimit limits the calls per second through this Envoy.
func localRateLimit() *localv3.LocalRateLimit {
	always := &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{Numerator: 100}}
	return &localv3.LocalRateLimit{
		StatPrefix: "bedrock",
		TokenBucket: &typev3.TokenBucket{
			MaxTokens: 100, TokensPerFill: wrapperspb.UInt32(50), FillInterval: durationpb.New(time.Second),
		},
		FilterEnabled:  always,
		FilterEnforced: always,
	}
}

// logSubject adds the caller's name to the access log.
func logSubject(log *accesslogv3.AccessLog, of caller) error {
	var file filev3.FileAccessLog
	if err := log.GetTypedConfig().UnmarshalTo(&file); err != nil {
		return err
	}
	file.GetLogFormat().GetJsonFormat().GetFields()["subject"] = structpb.NewStringValue(of.operator())
	return log.GetTypedConfig().MarshalFrom(&file)
}
