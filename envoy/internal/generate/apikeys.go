package main

import (
	"slices"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	keyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/api_key_auth/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	mutationfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

const (
	keyFilter = "envoy.filters.http.api_key_auth"
	// copyFilter is also the namespace of the dynamic metadata that it writes.
	copyFilter = "envoy.filters.http.header_to_metadata"
	// clientHeader carries the key's owner from one filter to the next. It ends there.
	clientHeader = "x-api-client"
)

// keyOwner is the owner of the API key of a call.
var keyOwner = caller{copyFilter, []string{"client"}}

// apiKeys has TLS, API keys, and a token budget for each owner of a key.
func apiKeys() (*bootstrapv3.Bootstrap, error) {
	b, err := withTLS()
	if err != nil {
		return nil, err
	}
	service, err := serviceCluster()
	if err != nil {
		return nil, err
	}
	b.StaticResources.Clusters = append(b.StaticResources.Clusters, service, emptyCluster())
	return b, editManager(b, func(m *hcmv3.HttpConnectionManager) error {
		if err := identifyByKey(m); err != nil {
			return err
		}
		if err := limitSpending(m, keyOwner, tokens); err != nil {
			return err
		}
		return openProbes(m.GetRouteConfig().GetVirtualHosts()[0])
	})
}

// identifyByKey adds the filters that turn a key into its owner's name. The first removes
// the header of that name that a client may have sent.
func identifyByKey(m *hcmv3.HttpConnectionManager) error {
	for _, f := range []struct {
		name   string
		config proto.Message
	}{
		{"envoy.filters.http.header_mutation", &mutationfilterv3.HeaderMutation{Mutations: &mutationfilterv3.Mutations{
			RequestMutations: []*mutationv3.HeaderMutation{{Action: &mutationv3.HeaderMutation_Remove{Remove: clientHeader}}},
		}}},
		{keyFilter, apiKeyAuth()},
		{copyFilter, &headerv3.Config{RequestRules: []*headerv3.Config_Rule{{
			Header: clientHeader, Remove: true,
			OnHeaderPresent: &headerv3.Config_KeyValuePair{MetadataNamespace: copyFilter, Key: keyOwner.path[0]},
		}}}},
	} {
		made, err := filter(f.name, f.config)
		if err != nil {
			return err
		}
		insert(m, made)
	}
	if err := forwardNamespace(m, copyFilter); err != nil {
		return err
	}
	return logSubject(m.GetAccessLog()[0], keyOwner)
}

// apiKeyAuth takes keys from the headers of OpenAI's and Anthropic's clients. The keys go
// no further.
func apiKeyAuth() *keyv3.ApiKeyAuth {
	return &keyv3.ApiKeyAuth{
		KeySources: []*keyv3.KeySource{{Header: "authorization"}, {Header: "x-api-key"}},
		Credentials: []*keyv3.Credential{
			{Key: "replace-this-key-of-ann", Client: "ann"},
			{Key: "replace-this-key-of-bob", Client: "bob"},
		},
		Forwarding: &keyv3.Forwarding{Header: clientHeader, HideCredentials: true},
	}
}

// forwardNamespace lets ext_proc send one more namespace of dynamic metadata.
func forwardNamespace(m *hcmv3.HttpConnectionManager, namespace string) error {
	for _, f := range m.GetHttpFilters() {
		if f.GetName() != envoy.FilterName {
			continue
		}
		var config extprocv3.ExternalProcessor
		if err := f.GetTypedConfig().UnmarshalTo(&config); err != nil {
			return err
		}
		forwarded := config.GetMetadataOptions().GetForwardingNamespaces()
		forwarded.Untyped = append(forwarded.GetUntyped(), namespace)
		return f.GetTypedConfig().MarshalFrom(&config)
	}
	return nil
}

// openProbes adds routes for probes, which have no key.
func openProbes(host *routev3.VirtualHost) error {
	none, err := anypb.New(&routev3.FilterConfig{Disabled: true})
	if err != nil {
		return err
	}
	var probes []*routev3.Route
	for _, path := range []string{"/healthz", "/readyz"} {
		probe := proto.CloneOf(host.GetRoutes()[0])
		probe.Name, probe.Match = "probes", &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: path}}
		probe.TypedPerFilterConfig[keyFilter] = none
		probes = append(probes, probe)
	}
	host.Routes = slices.Concat(probes, host.GetRoutes())
	return nil
}
