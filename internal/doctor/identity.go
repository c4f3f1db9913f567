package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
)

// identityChecks are about what the sidecar's configuration reads of callers.
func identityChecks() []check {
	return []check{
		{
			"identity-metadata", Error,
			"a namespace of metadata that `bedrock_extproc.identity` reads (-config) and the filter does not forward: the values are never there",
			"List it in metadata_options.forwarding_namespaces.untyped, on the filter and on routes that have lists of their own.",
			eachSetting(func(e *examination, s setting) string {
				return absent("forwarding_namespaces", e.Namespaces, s.config.GetMetadataOptions().GetForwardingNamespaces().GetUntyped())
			}),
		},
		{
			"identity-attributes", Error,
			"an attribute that `bedrock_extproc.identity` reads (-config) and the filter does not send: the values are never there",
			"List it in request_attributes of the filter.",
			eachSetting(func(e *examination, s setting) string {
				return absent("request_attributes", e.Attributes, s.config.GetRequestAttributes())
			}),
		},
		{
			"identity-initial-metadata", Error,
			"a name of gRPC metadata that `bedrock_extproc.identity` reads (-config) and neither the filter nor any route sets: the value is never there",
			"Set it in grpc_initial_metadata of the routes, by ExtProcPerRoute, or in initial_metadata of the filter's grpc_service.",
			eachPlace(func(e *examination, p *place) []observation {
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
			"gRPC metadata that names callers or backends (`bedrock_extproc.identity` with -config, or bedrock-*) and that Envoy fills from request headers, %REQ()%: clients write them",
			"Give it a plain value on each route; or have a filter before it that writes the header and removes the client's, such as claim_to_headers of jwt_authn.",
			eachSetting(writtenByClients),
		},
		{
			"identity-by-headers", Warning,
			"a header_to_metadata filter that writes a namespace which `bedrock_extproc.identity` reads (-config): clients write headers",
			"Give the filter a namespace of its own; or have a filter before it that writes the header and removes the client's, such as claim_to_headers of jwt_authn.",
			eachPlace(copiedHeaders),
		},
	}
}

func writtenByClients(e *examination, s setting) string {
	for _, h := range s.config.GetGrpcService().GetInitialMetadata() {
		key := strings.ToLower(h.GetKey())
		named := strings.HasPrefix(key, "bedrock-") || slices.Contains(e.InitialMetadata, key)
		if named && strings.Contains(h.GetValue(), "%REQ(") {
			return fmt.Sprintf("%s is %s, which is what a client says", key, h.GetValue())
		}
	}
	return ""
}

func copiedHeaders(e *examination, p *place) []observation {
	var found []observation
	for _, f := range p.before() {
		if e.kind(f) != "header_to_metadata" || !p.inUse(f) {
			continue
		}
		config, _ := unpack[headerv3.Config](e.filterConfig(f))
		for _, rule := range config.GetRequestRules() {
			if to := cmp.Or(rule.GetOnHeaderPresent().GetMetadataNamespace(), "envoy.lb"); slices.Contains(e.Namespaces, to) {
				found = append(found, observe(p.where(), "filter %q copies %s into %s", f.GetName(), cmp.Or(rule.GetHeader(), "cookie "+rule.GetCookie()), to)...)
			}
		}
	}
	return found
}

// absent names what is wanted of a list and not in it.
func absent(list string, wanted, got []string) string {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(got, name) })
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s lacks %s", list, strings.Join(missing, ", "))
}
