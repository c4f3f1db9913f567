package extproc

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"bedrock-extproc/translator"
)

// endpoint is what answers one path and method: a dialect or a page.
type endpoint struct {
	dialect   translator.Dialect
	streaming bool
	page      Page
}

// routes is read-only.
type routes struct {
	endpoints map[string]map[string]endpoint // by path and method
	dialects  map[string]translator.Dialect  // by path: who words its errors
}

func newRoutes(dialects []translator.Dialect, pages map[string]Page) (*routes, error) {
	table := &routes{endpoints: map[string]map[string]endpoint{}, dialects: map[string]translator.Dialect{}}
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

func (t *routes) add(path, method string, e endpoint) error {
	methods := t.endpoints[path]
	if _, taken := methods[method]; taken {
		return fmt.Errorf("two owners of %s %s", method, path)
	}
	if methods == nil {
		methods = map[string]endpoint{}
		t.endpoints[path] = methods
	}
	methods[method] = e
	if _, known := t.dialects[path]; !known && e.dialect != nil {
		t.dialects[path] = e.dialect
	}
	return nil
}

// find returns the endpoint, or a 404 or 405.
func (t *routes) find(method, path string) (endpoint, error) {
	methods, known := t.endpoints[path]
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
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}
