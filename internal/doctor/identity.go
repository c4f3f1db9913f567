package doctor

import (
	"fmt"
	"slices"
	"strings"
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
				for _, s := range p.settings() {
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
	}
}

// absent names what is wanted of a list and not in it.
func absent(list string, wanted, got []string) string {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(got, name) })
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s lacks %s", list, strings.Join(missing, ", "))
}
