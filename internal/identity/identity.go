// Package identity identifies the caller of a request and applies access rules. Its
// sources are those that only Envoy can write: dynamic metadata such as the claims of
// a verified token, attributes of the connection, and the gRPC metadata of a route.
// internal/gateway uses it after extproc has received a request and before a backend
// is chosen: sources give named values, values fill templates and match rules.
//
// Request headers are not a source, because clients write them.
package identity

import (
	"strings"

	"bedrock-extproc/translator"
)

// An Origin is what Envoy knows about one request. A list has several texts; a number
// or a boolean is given as text; a missing value has no texts.
type Origin interface {
	// Metadata is the value at a path: a namespace of the dynamic metadata, then keys.
	Metadata(path []string) []string
	// Attribute is the value of a request attribute such as "connection.uri_san_peer_certificate".
	Attribute(name string) []string
	// InitialMetadata is the gRPC initial metadata of that name.
	InitialMetadata(name string) []string
}

// A Source defines a named value: the first of Metadata, Attribute and
// InitialMetadata that is present, otherwise Default.
type Source struct {
	Name string
	// Metadata is a namespace and keys, such as "envoy.filters.http.jwt_authn",
	// "jwt_payload", "sub".
	Metadata []string
	// Attribute is one of the filter's request_attributes.
	Attribute string
	// InitialMetadata is a name of grpc_initial_metadata.
	InitialMetadata string
	// Default replaces a missing value; "" means no default.
	Default string
}

func (s Source) read(o Origin) []string {
	if len(s.Metadata) > 0 {
		if found := o.Metadata(s.Metadata); len(found) > 0 {
			return found
		}
	}
	if s.Attribute != "" {
		if found := o.Attribute(s.Attribute); len(found) > 0 {
			return found
		}
	}
	if s.InitialMetadata != "" {
		if found := o.InitialMetadata(s.InitialMetadata); len(found) > 0 {
			return found
		}
	}
	return s.byDefault()
}

func (s Source) byDefault() []string {
	if s.Default != "" {
		return []string{s.Default}
	}
	return nil
}

// Values are a caller's identity by name. A value without texts is missing. They are
// read-only.
type Values map[string][]string

// Texts are the values for templates: lists are joined by spaces.
func (v Values) Texts() map[string]string {
	if len(v) == 0 {
		return nil
	}
	texts := make(map[string]string, len(v))
	for name, list := range v {
		texts[name] = strings.Join(list, " ")
	}
	return texts
}

// A Policy decides which callers may call what. Its zero value allows all callers
// everything and identifies nobody. It is read-only once it is in use.
type Policy struct {
	Sources []Source
	// Required rejects calls in which a source without a default has no value.
	Required bool
	// Rules are access rules: the first that matches applies. Callers that match no
	// rule are rejected. Without rules everything is allowed.
	Rules []Rule
	// CallerLimit bounds the calls in flight of each caller. Its zero value bounds none.
	CallerLimit CallerLimit
}

// A CallerLimit bounds the calls in flight that have the same text of a value. Calls
// without the value count together.
type CallerLimit struct {
	// Value is the name of the value.
	Value string
	// MaxCalls is the bound, 0 for none.
	MaxCalls int
}

// Key identifies the caller whose calls are counted together.
func (l CallerLimit) Key(v Values) string { return l.Value + "=" + strings.Join(v[l.Value], " ") }

// Identify returns the values of a call and the rule that applies to it. An error is
// a *translator.Error: 401 if a required value is missing, 403 if no rule matches.
func (p *Policy) Identify(o Origin) (Values, Rule, error) {
	return p.identify(func(s Source) []string { return s.read(o) })
}

// IdentifyAs is Identify for a caller with these values.
func (p *Policy) IdentifyAs(given Values) (Values, Rule, error) {
	return p.identify(func(s Source) []string {
		if texts := given[s.Name]; len(texts) > 0 {
			return texts
		}
		return s.byDefault()
	})
}

func (p *Policy) identify(read func(Source) []string) (Values, Rule, error) {
	values := Values{}
	for _, s := range p.Sources {
		texts := read(s)
		if len(texts) > 0 {
			values[s.Name] = texts
		} else if p.Required {
			return nil, Rule{}, translator.ErrMissingIdentity(s.Name)
		}
	}
	if len(p.Rules) == 0 {
		return values, Rule{}, nil
	}
	for _, r := range p.Rules {
		if r.matches(values) {
			return values, r, nil
		}
	}
	return nil, Rule{}, translator.ErrNoRule()
}
