package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/identity"
)

// sources is the section identity: sources of values, by name.
type sources struct{ cfg *Config }

func (v sources) read(d *decoder, n *yaml.Node, path string) {
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		s := identity.Source{Name: name}
		d.mapping(n, path, nil, sourceKeys(&s))
		s.InitialMetadata = strings.ToLower(s.InitialMetadata)
		checkSource(d, path, s)
		v.cfg.Policy.Sources = append(v.cfg.Policy.Sources, s)
	})
}

func sourceKeys(s *identity.Source) []key {
	return []key{
		{
			"metadata", "A path in Envoy's dynamic metadata: the namespace, then keys. The ext_proc filter must list the namespace in `metadata_options.forwarding_namespaces.untyped`.",
			"not used", "[envoy.filters.http.jwt_authn, jwt_payload, sub]",
			texts{&s.Metadata},
		},
		{"attribute", "An Envoy attribute. The ext_proc filter must list it in `request_attributes`.", "not used", "connection.uri_san_peer_certificate", text{&s.Attribute}},
		{"grpc_metadata", "A key of the `grpc_initial_metadata` of the filter or of the route.", "not used", "bedrock-tenant", text{&s.InitialMetadata}},
		{"default", "The value if none of these is there.", "the value is missing", "unknown", text{&s.Default}},
	}
}

// ofRequest matches attributes, and expressions of them, that clients control. Only
// requestID is accepted, as a cost tag.
var ofRequest = regexp.MustCompile(`\brequest\b`)

const requestID = "request.id"

// isLabel reports whether clients control the value, so that it can only label.
func isLabel(s identity.Source) bool { return s.Attribute == requestID }

func checkSource(d *decoder, path string, s identity.Source) {
	switch {
	case s.Metadata == nil && s.Attribute == "" && s.InitialMetadata == "":
		d.problem(path, "metadata, attribute or grpc_metadata is required")
	case s.Metadata != nil && (len(s.Metadata) < 2 || slices.Contains(s.Metadata, "")):
		d.problem(path, "metadata must be a namespace and at least one key")
	case !isLabel(s) && ofRequest.MatchString(s.Attribute):
		d.problem(path, "clients control %q, so it does not identify a caller", s.Attribute)
	case strings.ContainsAny(s.Name, "{}") || s.Name == "":
		d.problem(path, "templates cannot refer to the name %q", s.Name)
	}
}

// checkRequired reports require_identity if no value can be missing.
func (d *decoder) checkRequired() {
	canBeMissing := func(s identity.Source) bool { return s.Default == "" && !isLabel(s) }
	if d.cfg.Policy.Required && !slices.ContainsFunc(d.cfg.Policy.Sources, canBeMissing) {
		d.problem("bedrock_extproc.require_identity", "requires nothing: no value of bedrock_extproc.identity can be missing")
	}
}
