package translator

import (
	"slices"
	"strings"
)

// A Route is a method and a path at which a dialect answers. It is matched on the
// raw path of the request, without the query: escapes stay as they are, and nothing
// is cleaned.
type Route struct {
	Method string
	// Pattern is an exact path, or one with a single hole "{model}", such as
	// "/model/{model}/converse". The hole takes any text that is not empty and has
	// no slash. An exact pattern beats one with a hole.
	Pattern string
	// Header names a request header that must be there and not empty; "" needs
	// none. A route with a header beats the same pattern without one.
	Header string
	// Streaming says that the answer is a live event stream.
	Streaming bool
}

// A Scope makes a dialect word the errors of the paths below a prefix at which no
// route matches. The longest prefix counts; of equal ones that with a Header.
type Scope struct {
	Prefix string
	// Header is as in Route.
	Header string
}

// A HeaderFunc returns the first value of a request header, by its lower-case
// name; "" when there is none. Headers with credentials are never there: see
// SecretHeader. The nil func has no headers.
type HeaderFunc func(name string) string

// Get calls f, if it is there.
func (f HeaderFunc) Get(name string) string {
	if f == nil {
		return ""
	}
	return f(name)
}

// A Request is one HTTP request as far as a dialect may know it.
type Request struct {
	// Streaming is copied from the route that matched.
	Streaming bool
	// PathModel is what the route's hole took, unescaped once; "" without a hole.
	PathModel string
	// Header is valid until Decode returns.
	Header HeaderFunc
	// DefaultModel is asked for when the request names no model.
	DefaultModel string
	// Defaults are what the backend adds to requests.
	Defaults Defaults
	// Body is the whole request body. Decode may keep parts of it.
	Body []byte
}

// A Response is one whole HTTP answer.
type Response struct {
	// Status is one that Envoy's type.v3.StatusCode lists: it answers 200 in place of
	// others, such as 418 and 529.
	Status      int
	ContentType string
	// Headers are sent as well. Names are in lower case; those that every answer
	// has, such as x-request-id, are not among them.
	Headers []Header
	// Body is the receiver's.
	Body []byte
}

// A Header is one HTTP response header, its name in lower case. A value that is no
// legal one is not sent.
type Header struct{ Name, Value string }

var (
	secretHeaders  = []string{"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"}
	secretPrefixes = []string{":", "x-aws-"} // the query of :path may hold a key
	secretWords    = []string{"token", "secret", "password", "credential"}
)

// SecretHeader reports whether a request header, by its lower-case name, may hold
// a credential. Dialects and pages never see such headers.
func SecretHeader(name string) bool {
	return slices.Contains(secretHeaders, name) ||
		slices.ContainsFunc(secretPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) ||
		slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}
