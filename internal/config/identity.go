package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An Identity is a named value and where it comes from: the first that is there of
// Metadata, Attribute and GRPCMetadata, or else Default.
type Identity struct {
	Name string
	// Metadata is a namespace of Envoy's dynamic metadata, then keys.
	Metadata []string
	// Attribute is an attribute of Envoy, such as "connection.uri_san_peer_certificate".
	Attribute string
	// GRPCMetadata is a name of gRPC initial metadata, in lower case.
	GRPCMetadata string
	// Default is for calls without the value; "" is none.
	Default string
}

// Access says what callers with certain values may have.
type Access struct {
	// Match holds patterns by the name of a value.
	Match map[string]string
	// Backend is a template for the name of the backend; "" leaves it to the call.
	Backend string
	// Models are patterns of names that may be asked for; nil allows all.
	Models []string
	// Guardrail is used whatever the request says; nil leaves it to the request.
	Guardrail *Guardrail
}

// identities is named values by name.
type identities struct{ field *[]Identity }

func (v identities) read(d *decoder, n *yaml.Node, path string) {
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		i := Identity{Name: name}
		d.mapping(n, path, nil, nil, i.keys())
		i.check(d, n, path)
		*v.field = append(*v.field, i)
	})
}

func (i *Identity) keys() []key {
	return []key{
		{
			"metadata", "Where it stands in Envoy's dynamic metadata: the namespace, then keys. The filter must list the namespace in `metadata_options.forwarding_namespaces.untyped`.",
			"not looked for", "[envoy.filters.http.jwt_authn, jwt_payload, sub]",
			texts{&i.Metadata},
		},
		{"attribute", "An attribute of Envoy's. The filter must list it in `request_attributes`.", "not looked for", "connection.uri_san_peer_certificate", text{field: &i.Attribute}},
		{"grpc_metadata", "A name of the filter's or the route's `grpc_initial_metadata`.", "not looked for", "bedrock-tenant", text{field: &i.GRPCMetadata}},
		{"default", "What counts where none of these is there.", "the value is missing", "unknown", text{field: &i.Default}},
	}
}

// ofRequest matches attributes, and expressions of them, that clients write. Of
// these requestID alone is taken, as a label of costs.
var ofRequest = regexp.MustCompile(`\brequest\b`)

const requestID = "request.id"

// label reports whether the value may be what the client says.
func (i *Identity) label() bool { return i.Attribute == requestID }

func (i *Identity) check(d *decoder, n *yaml.Node, path string) {
	i.GRPCMetadata = strings.ToLower(i.GRPCMetadata)
	switch {
	case i.Metadata == nil && i.Attribute == "" && i.GRPCMetadata == "":
		d.problem(n, path, "needs metadata, attribute or grpc_metadata")
	case i.Metadata != nil && (len(i.Metadata) < 2 || slices.Contains(i.Metadata, "")):
		d.problem(n, path, "metadata must be a namespace and at least one key")
	case !i.label() && ofRequest.MatchString(i.Attribute):
		d.problem(n, path, "%q is what a client says, which is no identity", i.Attribute)
	case strings.ContainsAny(i.Name, "{}") || i.Name == "":
		d.problem(n, path, "%q is not a name that a template can have", i.Name)
	}
}

// accesses is a list of access rules.
type accesses struct{ field *[]Access }

func (v accesses) read(d *decoder, n *yaml.Node, path string) {
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		d.problem(n, path, "must be a list, not %s", describe(n))
		return
	}
	if len(n.Content) == 0 {
		d.problem(n, path, "has no entry: leave it out to allow everybody everything")
	}
	for i, item := range n.Content {
		var a Access
		at := fmt.Sprintf("%s[%d]", path, i)
		d.mapping(item, at, nil, nil, a.keys())
		a.check(d, item, at)
		*v.field = append(*v.field, a)
	}
}

// check refuses what says nothing, and would allow more than was meant.
func (a *Access) check(d *decoder, n *yaml.Node, path string) {
	if len(resolve(n).Content) == 0 {
		d.problem(n, path, "is empty, which would allow everybody everything: write {match: {}} if that is meant")
	}
	if models := find(n, "models"); models != nil && (a.Models == nil || slices.Contains(a.Models, "")) {
		d.problem(models, path+".models", "names no model: leave it out to allow all of them")
	}
	if backend := find(n, "backend"); backend != nil && a.Backend == "" {
		d.problem(backend, path+".backend", "names no backend: leave it out to leave it to the call")
	}
}

func (a *Access) keys() []key {
	guardrail := section{
		keys:  func() []key { a.Guardrail = &Guardrail{}; return a.Guardrail.keys() },
		check: func(d *decoder, n *yaml.Node, path string) { a.Guardrail.check(d, n, path) },
	}
	return []key{
		{
			"match", "Patterns by the names of `identity`: all must match, and `*` is any text. Of a list one item is enough. A value that is missing matches nothing.",
			"matches everybody", "{team: search}",
			match{&a.Match},
		},
		{"backend", "The backend that answers, whatever the client or the route asks for. A template.", "the call's", "bedrock-eu", template{&a.Backend}},
		{"models", "Patterns of the names of models that may be asked for, as the client writes them: aliases are names of their own. Others are refused with 403.", "all", "[us.anthropic.*, fast]", texts{&a.Models}},
		{"guardrail", "The guardrail of these calls, also of those that name another.", "the request's, or the backend's", `{id: gr-0123456789, version: "1"}`, guardrail},
	}
}

// checkRequired refuses to require what is never missing.
func (c *Config) checkRequired(d *decoder, root *yaml.Node) {
	if c.Extproc.RequireIdentity && !slices.ContainsFunc(c.Extproc.Identity, func(i Identity) bool { return i.Default == "" && !i.label() }) {
		at := find(find(root, "bedrock_extproc"), "require_identity")
		d.problem(at, "bedrock_extproc.require_identity", "bedrock_extproc.identity has no value that can be missing, so that nothing would be required")
	}
}

// checkAccess holds the backends of access rules to those that there are.
func (c *Config) checkAccess(d *decoder, root *yaml.Node) {
	names := make([]string, len(c.LLM.Backends))
	for i, b := range c.LLM.Backends {
		names[i] = b.Name
	}
	for i, a := range c.Extproc.Access {
		if a.Backend == "" || strings.Contains(a.Backend, "{") || slices.Contains(names, a.Backend) {
			continue
		}
		at := find(resolve(find(find(root, "bedrock_extproc"), "access")).Content[i], "backend")
		d.problem(at, fmt.Sprintf("bedrock_extproc.access[%d].backend", i), "there is no backend %q%s", a.Backend, suggest(a.Backend, names))
	}
}
