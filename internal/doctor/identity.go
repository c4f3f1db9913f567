package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	keyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/api_key_auth/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
)

// identityChecks check that Envoy sends the sidecar's identity sources, and that
// clients cannot write them.
func identityChecks() []check {
	return []check{
		{
			"identity-metadata", Error,
			"`bedrock_extproc.identity` (-config) reads a metadata namespace that the filter does not forward: the values are always missing",
			"Add it to metadata_options.forwarding_namespaces.untyped, on the filter and on routes with their own list.",
			eachSetting(func(e *examination, s setting) string {
				return absent("forwarding_namespaces", e.namespaces(), s.config.GetMetadataOptions().GetForwardingNamespaces().GetUntyped())
			}),
		},
		{
			"identity-attributes", Error,
			"`bedrock_extproc.identity` (-config) reads an attribute that the filter does not send: the values are always missing",
			"Add it to request_attributes of the filter.",
			eachSetting(func(e *examination, s setting) string {
				return absent("request_attributes", e.Attributes, s.config.GetRequestAttributes())
			}),
		},
		{
			"identity-initial-metadata", Error,
			"`bedrock_extproc.identity` (-config) reads a gRPC metadata name that neither the filter nor any route sets: the value is always missing",
			"Set it in grpc_initial_metadata of the routes' ExtProcPerRoute, or in initial_metadata of the filter's grpc_service.",
			eachFilter(func(e *examination, p *extProc) []observation {
				var set []string
				for _, s := range p.settings {
					for _, h := range s.config.GetGrpcService().GetInitialMetadata() {
						set = append(set, strings.ToLower(h.GetKey()))
					}
				}
				if problem := absent("grpc_initial_metadata", e.InitialMetadata, set); problem != "" {
					return observe(p.where(), "%s, on every route", problem)
				}
				return nil
			}),
		},
		{
			"identity-by-clients", Warning,
			"gRPC metadata that identifies callers or selects backends (`bedrock_extproc.identity` with -config, or bedrock-*) is set from request headers with %REQ()%: clients can forge it",
			"Set a plain value on each route, or have an earlier filter overwrite the client's header, such as jwt_authn with claim_to_headers.",
			eachSetting(writtenByClients),
		},
		{
			"identity-by-headers", Warning,
			"a header_to_metadata filter writes a namespace that `bedrock_extproc.identity` (-config) reads: clients can forge the values",
			"Let the filter write another namespace, or have an earlier filter overwrite the client's header, such as jwt_authn with claim_to_headers, or api_key_auth with forwarding.",
			eachFilter(copiedHeaders),
		},
	}
}

// writtenByClients finds identity or backend metadata that is set from headers.
func writtenByClients(e *examination, s setting) string {
	for _, h := range s.config.GetGrpcService().GetInitialMetadata() {
		key := strings.ToLower(h.GetKey())
		named := strings.HasPrefix(key, "bedrock-") || slices.Contains(e.InitialMetadata, key)
		if named && strings.Contains(h.GetValue(), "%REQ(") {
			return fmt.Sprintf("%s is %s, which clients can forge", key, h.GetValue())
		}
	}
	return ""
}

// copiedHeaders finds header_to_metadata filters that write an identity namespace from
// headers that clients can set: all but the one in which api_key_auth names the key's owner.
func copiedHeaders(e *examination, p *extProc) []observation {
	var found []observation
	var owner string
	for _, f := range p.before() {
		if !p.inUse(f) {
			continue
		}
		if e.kind(f) == "api_key_auth" {
			keys, _ := unpack[keyv3.ApiKeyAuth](e.filterConfig(f))
			owner = keys.GetForwarding().GetHeader()
		}
		if e.kind(f) != "header_to_metadata" {
			continue
		}
		config, _ := unpack[headerv3.Config](e.filterConfig(f))
		for _, rule := range config.GetRequestRules() {
			if owner != "" && strings.EqualFold(rule.GetHeader(), owner) {
				continue
			}
			if to := cmp.Or(rule.GetOnHeaderPresent().GetMetadataNamespace(), headerNamespace); slices.Contains(e.namespaces(), to) {
				found = append(found, observe(p.where(), "filter %q copies %s into %s", f.GetName(), cmp.Or(rule.GetHeader(), "cookie "+rule.GetCookie()), to)...)
			}
		}
	}
	return found
}

// absent describes the names of wanted that got lacks; "" if there are none.
func absent(list string, wanted, got []string) string {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(got, name) })
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s lacks %s", list, strings.Join(missing, ", "))
}
