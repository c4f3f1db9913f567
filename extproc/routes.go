package extproc

import (
	"fmt"
	"net/http"
	"sort"
	"strings"

	"bedrock-extproc/translator"
)

// endpoint is what answers one path and method: a dialect or a page.
type endpoint struct {
	dialect   translator.Dialect
	streaming bool
	page      Page
}

// routes maps a path and a method to its endpoint. It is read-only.
type routes map[string]map[string]endpoint

func newRoutes(dialects []translator.Dialect, pages map[string]Page) (routes, error) {
	table := routes{}
	for _, d := range dialects {
		for _, r := range d.Routes() {
			if err := table.add(r.Path, r.Method, endpoint{dialect: d, streaming: r.Streaming}); err != nil {
				return nil, err
			}
		}
	}
	for path, page := range pages {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if err := table.add(path, method, endpoint{page: page}); err != nil {
				return nil, err
			}
		}
	}
	return table, nil
}

func (t routes) add(path, method string, e endpoint) error {
	if _, taken := t[path][method]; taken {
		return fmt.Errorf("two owners of %s %s", method, path)
	}
	if t[path] == nil {
		t[path] = map[string]endpoint{}
	}
	t[path][method] = e
	return nil
}

// find returns the endpoint, or a 404 or 405.
func (t routes) find(method, path string) (endpoint, error) {
	methods, known := t[path]
	if !known {
		return endpoint{}, &translator.Error{
			Status: http.StatusNotFound, Kind: translator.KindUnknownPath,
			Message: fmt.Sprintf("There is nothing at %s.", path),
		}
	}
	e, allowed := methods[method]
	if !allowed {
		return endpoint{}, &translator.Error{
			Status: http.StatusMethodNotAllowed, Kind: translator.KindMethodNotAllowed,
			Message: fmt.Sprintf("%s does not answer %s.", path, method),
			Allow:   allow(methods),
		}
	}
	return e, nil
}

// allow lists the methods of one path in a fixed order.
func allow(methods map[string]endpoint) string {
	names := make([]string, 0, len(methods))
	for m := range methods {
		names = append(names, m)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
