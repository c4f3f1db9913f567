package translator

import (
	"slices"
	"strings"
)

// A Route is a method and a path at which a dialect answers. It is matched on the
// raw path of the request, without the query: escapes stay as they are, and nothing
// is cleaned but one slash at the end, which is ignored.
type Route struct {
	Method string
	// Pattern is an exact path, or one with a single hole "{model}", such as
	// "/model/{model}/converse". It does not end with a slash. The hole matches one
	// segment. Within a pattern it matches several, but no empty and no dot segment:
	// clients without an SDK write ARNs as they are. An exact pattern takes precedence
	// over one with a hole.
	Pattern string
	// Header is the lower-case name of a request header that must be present and not
	// empty; "" requires none. A route with a header takes precedence over the same
	// pattern without.
	Header string
	// Streaming says that the answer is a live event stream.
	Streaming bool
}

// A Scope is a path prefix at which a dialect encodes the errors of requests that
// match no route. The longest prefix wins; of equal prefixes, one with a Header.
type Scope struct {
	Prefix string
	// Header is as in Route.
	Header string
}

// A HeaderFunc returns the first value of a request header, by its lower-case
// name, or all values, with commas between them, for a ListHeader; "" without one. It hides headers that may hold credentials: see
// SecretHeader. A nil HeaderFunc has no headers.
type HeaderFunc func(name string) string

// Get calls f, unless f is nil.
func (f HeaderFunc) Get(name string) string {
	if f == nil {
		return ""
	}
	return f(name)
}

// A Request is the part of an HTTP request that a dialect sees.
type Request struct {
	// Streaming is copied from the route that matched.
	Streaming bool
	// Pattern is that of the route that matched.
	Pattern string
	// PathModel is the text that the route's hole matched, percent-decoded once; ""
	// without a hole.
	PathModel string
	// Header is valid until Decode returns.
	Header HeaderFunc
	// DefaultModel is asked for when the request names no model.
	DefaultModel string
	// Defaults are what the backend adds to requests.
	Defaults Defaults
	// Body is the whole request body. Decode may keep parts of it.
	Body []byte
	// Done is closed when nobody waits for the answer any more. Decode then ends soon,
	// with any error. nil is never closed.
	Done <-chan struct{}
}

// A Response is one whole HTTP answer.
type Response struct {
	// Status must be listed in Envoy's type.v3.StatusCode: Envoy turns others, such as
	// 418 and 529, into 200.
	Status      int
	ContentType string
	// Headers must not repeat those of every answer, such as x-request-id.
	Headers []Header
	// The receiver owns Body.
	Body []byte
}

// A Header is one HTTP response header, with a lower-case name. It is not sent if its
// value is empty or illegal.
type Header struct{ Name, Value string }

var (
	secretHeaders  = []string{"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"}
	secretPrefixes = []string{":", "x-aws-"} // the query of :path may hold a key
	secretWords    = []string{"token", "secret", "password", "credential"}
)

// ListHeader reports whether the value of the request header with this lower-case name is
// a list. A client may send such a header several times.
func ListHeader(name string) bool { return name == "anthropic-beta" }

// SecretHeader reports whether the request header with this lower-case name may hold
// a credential. Dialects and pages never see such headers.
func SecretHeader(name string) bool {
	return slices.Contains(secretHeaders, name) ||
		slices.ContainsFunc(secretPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) ||
		slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}
