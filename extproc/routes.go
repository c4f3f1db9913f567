package extproc

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bedrock-extproc/translator"
)

// Routes is the table of endpoints. It is immutable and safe for concurrent use.
type Routes struct {
	list     []route // in the order in which they are tried
	scopes   []scope // likewise
	fallback translator.Dialect
}

// An Endpoint answers a request.
type Endpoint struct {
	// Dialect encodes the request's errors, and decodes the request unless Page is
	// set. It is never nil.
	Dialect translator.Dialect
	// Page is nil for a model call.
	Page      Page
	Streaming bool
	// Pattern is that of the route.
	Pattern string
	// PathModel is the text that the pattern's hole matched, percent-decoded once.
	PathModel string
}

// route is a translator.Route with its pattern taken apart.
type route struct {
	method, prefix, suffix, header string
	hole                           bool
	endpoint                       Endpoint // without a dialect for a page
}

type scope struct {
	translator.Scope

	dialect translator.Dialect
}

// hole is the variable part of a pattern.
const hole = "{model}"

// NewRoutes builds the table. The first dialect encodes the errors of paths outside
// all scopes. A route with two owners and an invalid pattern are errors.
func NewRoutes(dialects []translator.Dialect, pages []PageRoute) (*Routes, error) {
	if len(dialects) == 0 {
		return nil, errors.New("no dialect")
	}
	t := &Routes{fallback: dialects[0]}
	var problems []error
	for _, d := range dialects {
		for _, r := range d.Routes() {
			problems = append(problems, t.add(r, Endpoint{Dialect: d, Streaming: r.Streaming, Pattern: r.Pattern}))
		}
		for _, s := range d.Scopes() {
			t.scopes = append(t.scopes, scope{s, d})
		}
	}
	for _, p := range pages {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			problems = append(problems, t.add(translator.Route{Method: method, Pattern: p.Pattern, Header: p.Header}, Endpoint{Page: p.Page}))
		}
	}
	slices.SortStableFunc(t.list, compareRoutes)
	slices.SortStableFunc(t.scopes, func(a, b scope) int {
		return cmp.Or(len(b.Prefix)-len(a.Prefix), len(b.Header)-len(a.Header))
	})
	return t, errors.Join(problems...)
}

// compareRoutes puts exact patterns before holes, longer ones before shorter ones,
// and routes with a header before those without.
func compareRoutes(a, b route) int {
	switch {
	case a.hole != b.hole && b.hole:
		return -1
	case a.hole != b.hole:
		return 1
	}
	return cmp.Or(len(b.prefix)-len(a.prefix), len(b.suffix)-len(a.suffix), len(b.header)-len(a.header))
}

func (t *Routes) add(r translator.Route, e Endpoint) error {
	added := route{method: r.Method, header: r.Header, endpoint: e}
	added.prefix, added.suffix, added.hole = strings.Cut(r.Pattern, hole)
	if !strings.HasPrefix(r.Pattern, "/") || strings.ContainsAny(added.prefix+added.suffix, "{}") {
		return fmt.Errorf("the pattern %q is neither a path nor one with a single %s", r.Pattern, hole)
	}
	if withoutSlash(r.Pattern) != r.Pattern {
		return fmt.Errorf("the pattern %q ends with a slash", r.Pattern)
	}
	if slices.ContainsFunc(t.list, func(other route) bool {
		return other.method == added.method && other.header == added.header &&
			other.hole == added.hole && other.prefix == added.prefix && other.suffix == added.suffix
	}) {
		return fmt.Errorf("two owners of %s %s", r.Method, r.Pattern)
	}
	t.list = append(t.list, added)
	return nil
}

// Find returns the endpoint for a raw path without its query. One slash at the end of
// the path is ignored: a redirect would make some clients repeat a POST without its
// body. Beside an error, a *translator.Error of status 404, 405 or 400, the endpoint
// has a Dialect only.
func (t *Routes) Find(method, path string, header translator.HeaderFunc) (Endpoint, error) {
	var owner translator.Dialect // of a route with another method
	var allowed []string
	matched := withoutSlash(path)
	for i := range t.list {
		r := &t.list[i]
		model, matches := r.match(matched, header)
		switch {
		case matches && r.method == method:
			return t.endpoint(r, model, path, header)
		case matches:
			owner = cmp.Or(owner, r.endpoint.Dialect)
			allowed = append(allowed, r.method)
		}
	}
	if owner == nil {
		owner = t.scoped(path, header)
	}
	if allowed == nil {
		return Endpoint{Dialect: owner}, translator.ErrUnknownPath(path)
	}
	return Endpoint{Dialect: owner}, translator.ErrMethodNotAllowed(method, path, allowed)
}

// withoutSlash is a path without the one slash that may end it.
func withoutSlash(path string) string {
	if path == "/" {
		return path
	}
	return strings.TrimSuffix(path, "/")
}

// match returns the text of the hole, still escaped.
func (r *route) match(path string, header translator.HeaderFunc) (model string, matches bool) {
	if r.header != "" && header.Get(r.header) == "" {
		return "", false
	}
	if !r.hole {
		return "", path == r.prefix
	}
	rest, found := strings.CutPrefix(path, r.prefix)
	model, ends := strings.CutSuffix(rest, r.suffix)
	return model, found && ends && r.fills(model)
}

// fills reports whether a text can be that of the hole. Dot segments are paths, not parts
// of a model's name.
func (r *route) fills(model string) bool {
	if r.suffix == "" && strings.Contains(model, "/") {
		return false
	}
	for segment := range strings.SplitSeq(model, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// endpoint returns the endpoint of a route that matches.
func (t *Routes) endpoint(r *route, model, path string, header translator.HeaderFunc) (Endpoint, error) {
	e := r.endpoint
	if e.Dialect == nil {
		e.Dialect = t.scoped(path, header)
	}
	var err error
	if e.PathModel, err = url.PathUnescape(model); err != nil {
		return Endpoint{Dialect: e.Dialect}, translator.ErrPathEscape()
	}
	return e, nil
}

// scoped returns the dialect of a path without a route.
func (t *Routes) scoped(path string, header translator.HeaderFunc) translator.Dialect {
	for _, s := range t.scopes {
		if strings.HasPrefix(path, s.Prefix) && (s.Header == "" || header.Get(s.Header) != "") {
			return s.dialect
		}
	}
	return t.fallback
}
