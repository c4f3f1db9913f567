// Package identity knows who calls, by what Envoy alone can write about a request:
// dynamic metadata such as the claims of a verified token, attributes of the
// connection, and the gRPC metadata of a route. It stands between extproc, which
// hands these over, and the choice of a backend: names become values, values
// fill templates, and access rules say what a caller may have.
//
// Request headers are not among its sources, since clients write those.
package identity

import (
	"fmt"
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// An Origin is what Envoy says of one request. Lists give each text of a list, a
// number or a boolean is its text, and nothing means that it was not said.
type Origin interface {
	// Metadata is the value at a path: a namespace of the dynamic metadata, then
	// keys.
	Metadata(path []string) []string
	// Attribute is the value of a request attribute such as "connection.uri_san_peer_certificate".
	Attribute(name string) []string
	// InitialMetadata is the gRPC initial metadata of that name.
	InitialMetadata(name string) []string
}

// A Source says where a named value comes from: the first that is there of
// Metadata, Attribute and InitialMetadata, else Default.
type Source struct {
	Name string
	// Metadata is a namespace and keys, such as "envoy.filters.http.jwt_authn",
	// "jwt_payload", "sub".
	Metadata []string
	// Attribute is one of the filter's request_attributes.
	Attribute string
	// InitialMetadata is a name of grpc_initial_metadata.
	InitialMetadata string
	// Default stands in for a value that is not there; "" means that there is none.
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
	return s.otherwise()
}

func (s Source) otherwise() []string {
	if s.Default != "" {
		return []string{s.Default}
	}
	return nil
}

// Values are what is known of a caller, by name. A name that is not there, or has
// no texts, is not known. They are read-only.
type Values map[string][]string

// Texts are the values as templates see them: lists are joined by spaces.
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

// A Policy says who may call, and what. Its zero value lets everybody call
// everything and knows nobody. It is read-only once it is in use.
type Policy struct {
	Sources []Source
	// Required refuses calls unless every source without a default has a value.
	Required bool
	// Rules are access rules; the first that matches counts. With none everything
	// is allowed, and with some nobody is who matches none.
	Rules []Rule
}

// Identify reads the values of a call and finds the rule for it. An error is
// a *translator.Error: 401 when an identity is required and not there, 403 when
// no rule matches.
func (p *Policy) Identify(o Origin) (Values, Rule, error) {
	return p.identify(func(s Source) []string { return s.read(o) })
}

// IdentifyAs is Identify for a caller with these values.
func (p *Policy) IdentifyAs(given Values) (Values, Rule, error) {
	return p.identify(func(s Source) []string {
		if texts := given[s.Name]; len(texts) > 0 {
			return texts
		}
		return s.otherwise()
	})
}

func (p *Policy) identify(read func(Source) []string) (Values, Rule, error) {
	values := Values{}
	for _, s := range p.Sources {
		texts := read(s)
		if len(texts) > 0 {
			values[s.Name] = texts
		} else if p.Required {
			return nil, Rule{}, Missing(s.Name)
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
	return nil, Rule{}, forbidden("", "No access rule matches the identity of this call.")
}

// Missing is the error of a call without a value that is needed.
func Missing(name string) error {
	return &translator.Error{
		Status:  http.StatusUnauthorized,
		Kind:    translator.KindMissingIdentity,
		Message: fmt.Sprintf("The call has no identity: %q is not known.", name),
		Hint: "Identity comes from the proxy, never from request headers. Log in the way the proxy asks for; if you did, its ext_proc filter " +
			"may not forward the metadata or attribute.",
	}
}

// forbidden is the error of a call that the access rules do not allow.
func forbidden(path, message string) error {
	return &translator.Error{
		Status: http.StatusForbidden, Kind: translator.KindNotPermitted, Message: message, Path: path,
		Hint: "Ask who runs this gateway.",
	}
}
