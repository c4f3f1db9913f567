package main

import (
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const corsFilter = "envoy.filters.http.cors"

// origins are the origins of the pages that may call.
var origins = []string{"http://localhost:8080", "https://app.example"}

// browser answers pages of other origins.
func browser() (*bootstrapv3.Bootstrap, error) {
	b, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		return nil, err
	}
	b.StaticResources.Clusters = append(b.StaticResources.Clusters, emptyCluster())
	return b, editManager(b, allowPages)
}

// allowPages adds cors and a check of origins before ext_proc.
func allowPages(m *hcmv3.HttpConnectionManager) error {
	cors, err := filter(corsFilter, &corsv3.Cors{})
	if err != nil {
		return err
	}
	check, err := filter("envoy.filters.http.rbac", &rbacfilterv3.RBAC{Rules: onlyOrigins()})
	if err != nil {
		return err
	}
	insert(m, cors, check)
	policy, err := anypb.New(corsPolicy())
	if err != nil {
		return err
	}
	host := m.GetRouteConfig().GetVirtualHosts()[0]
	host.TypedPerFilterConfig = map[string]*anypb.Any{corsFilter: policy}
	host.GetRoutes()[0].Action = toEmptyCluster()
	return nil
}

// corsPolicy lets pages read answers and their headers. Requests carry no cookies.
func corsPolicy() *corsv3.CorsPolicy {
	policy := &corsv3.CorsPolicy{
		AllowMethods:     "GET, POST",
		AllowHeaders:     "authorization, content-type, x-correlation-id, x-provider, x-provider-llm, x-request-id",
		ExposeHeaders:    "retry-after, x-bedrock-attempts, x-bedrock-backend, x-bedrock-region, x-bedrock-request-id, x-correlation-id, x-request-id",
		MaxAge:           "7200",
		AllowCredentials: wrapperspb.Bool(false),
	}
	for _, origin := range origins {
		policy.AllowOriginStringMatch = append(policy.AllowOriginStringMatch, exact(origin))
	}
	return policy
}

// onlyOrigins rejects pages of other origins. The cors filter does not: a browser hides
// the answer from such a page, but a form or a fetch without a preflight reaches the
// model.
func onlyOrigins() *rbacv3.RBAC {
	origin := func(h *routev3.HeaderMatcher) *rbacv3.Principal {
		h.Name = "origin"
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_Header{Header: h}}
	}
	principals := []*rbacv3.Principal{origin(&routev3.HeaderMatcher{
		HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: false},
	})}
	for _, o := range origins {
		principals = append(principals, origin(&routev3.HeaderMatcher{
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: exact(o)},
		}))
	}
	return &rbacv3.RBAC{Action: rbacv3.RBAC_ALLOW, Policies: map[string]*rbacv3.Policy{
		"origins": {
			Permissions: []*rbacv3.Permission{{Rule: &rbacv3.Permission_Any{Any: true}}},
			Principals:  principals,
		},
	}}
}
