package extproc_test

import (
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// named is a dialect that is found by its name in a table.
func named(routes []translator.Route, scopes ...translator.Scope) *fakeDialect {
	return &fakeDialect{routes: routes, scopes: scopes}
}

// with has the headers of these names.
func with(names ...string) translator.HeaderFunc {
	return func(name string) string {
		if slices.Contains(names, name) {
			return "v"
		}
		return ""
	}
}

func TestFind(t *testing.T) {
	chat := named([]translator.Route{{Method: "POST", Pattern: "/api/chat"}}, translator.Scope{Prefix: "/api/"})
	native := named([]translator.Route{
		{Method: "POST", Pattern: "/model/{model}/converse"},
		{Method: "POST", Pattern: "/model/{model}/converse-stream", Streaming: true},
		{Method: "POST", Pattern: "/model/fixed/converse"},
		{Method: "POST", Pattern: "/model/{model}"},
		{Method: "POST", Pattern: "/model/{model}:tag"},
	}, translator.Scope{Prefix: "/model/"})
	messages := named([]translator.Route{{Method: "POST", Pattern: "/v1/x", Header: "version"}}, translator.Scope{Prefix: "/v1/", Header: "version"})
	openai := named([]translator.Route{{Method: "POST", Pattern: "/v1/x"}, {Method: "PUT", Pattern: "/v1/y"}},
		translator.Scope{Prefix: "/v1/"}, translator.Scope{Prefix: "/v1/deep/"})
	table, err := extproc.NewRoutes([]translator.Dialect{chat, openai, messages, native}, []extproc.PageRoute{
		{Pattern: "/v1/models", Page: page(200, "openai")},
		{Pattern: "/v1/models", Header: "version", Page: page(200, "messages")},
		{Pattern: "/v1/models/{model}", Page: page(200, "one")},
		{Pattern: "/healthz", Page: page(200, "ok")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path string
		header       translator.HeaderFunc
		dialect      *fakeDialect
		model        string
		page         string // its body
		kind         translator.Kind
		allow        string
	}{
		"exact":                     {"POST", "/api/chat", nil, chat, "", "", "", ""},
		"a hole":                    {"POST", "/model/us.m-v1:0/converse", nil, native, "us.m-v1:0", "", "", ""},
		"escapes, once":             {"POST", "/model/arn%3Aaws%2Fm%252F/converse", nil, native, "arn:aws/m%2F", "", "", ""},
		"a plus is kept":            {"POST", "/model/a+b/converse", nil, native, "a+b", "", "", ""},
		"exact, not a hole":         {"POST", "/model/fixed/converse", nil, native, "", "", "", ""},
		"the longer suffix":         {"POST", "/model/m:tag", nil, native, "m", "", "", ""},
		"the shorter suffix":        {"POST", "/model/m:other", nil, native, "m:other", "", "", ""},
		"an empty hole":             {"POST", "/model//converse", nil, native, "", "", translator.KindUnknownPath, ""},
		"a slash in the hole":       {"POST", "/model/arn:aws/b/converse", nil, native, "arn:aws/b", "", "", ""},
		"a slash in the last hole":  {"POST", "/model/a/b", nil, native, "", "", translator.KindUnknownPath, ""},
		"an empty segment":          {"POST", "/model/a//b/converse", nil, native, "", "", translator.KindUnknownPath, ""},
		"dot segments":              {"POST", "/model/a/../b/converse", nil, native, "", "", translator.KindUnknownPath, ""},
		"a dot in the path":         {"POST", "/model/m/./converse", nil, native, "", "", translator.KindUnknownPath, ""},
		"an escaped slash, as sent": {"POST", "/api%2Fchat", nil, chat, "", "", translator.KindUnknownPath, ""},
		"a bad escape":              {"POST", "/model/%zz/converse", nil, native, "", "", translator.KindInvalid, ""},
		"a method of a hole":        {"GET", "/model/m/converse", nil, native, "", "", translator.KindMethodNotAllowed, "POST"},
		"a slash at the end":        {"POST", "/api/chat/", nil, chat, "", "", "", ""},
		"a slash after a hole":      {"POST", "/model/m/converse/", nil, native, "m", "", "", ""},
		"two slashes at the end":    {"POST", "/api/chat//", nil, chat, "", "", translator.KindUnknownPath, ""},
		"a slash in the middle":     {"POST", "/api//chat", nil, chat, "", "", translator.KindUnknownPath, ""},
		"a page with a slash":       {"GET", "/healthz/", nil, chat, "", "ok", "", ""},
		"without the header":        {"POST", "/v1/x", nil, openai, "", "", "", ""},
		"with the header":           {"POST", "/v1/x", with("version"), messages, "", "", "", ""},
		"the header is not needed":  {"PUT", "/v1/y", with("version"), openai, "", "", "", ""},
		"a page":                    {"GET", "/v1/models", nil, openai, "", "openai", "", ""},
		"a page by header":          {"HEAD", "/v1/models", with("version"), messages, "", "messages", "", ""},
		"a page with a hole":        {"GET", "/v1/models/a%2Fb", nil, openai, "a/b", "one", "", ""},
		"a method of a page":        {"POST", "/v1/models", with("version"), messages, "", "", translator.KindMethodNotAllowed, "GET, HEAD"},
		"a scope":                   {"POST", "/v1/nowhere", nil, openai, "", "", translator.KindUnknownPath, ""},
		"a scope by header":         {"POST", "/v1/nowhere", with("version"), messages, "", "", translator.KindUnknownPath, ""},
		"the longer scope":          {"POST", "/v1/deep/x", with("version"), openai, "", "", translator.KindUnknownPath, ""},
		"no scope":                  {"POST", "/", nil, chat, "", "", translator.KindUnknownPath, ""},
		"a page in no scope":        {"GET", "/healthz", nil, chat, "", "ok", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := table.Find(c.method, c.path, c.header)
			if e.Dialect != translator.Dialect(c.dialect) {
				t.Error("another dialect")
			}
			body := ""
			if e.Page != nil {
				answer, err := e.Page(extproc.PageRequest{})
				if err != nil {
					t.Error(err)
				}
				body = string(answer.Body)
			}
			if e.PathModel != c.model || body != c.page || e.Streaming {
				t.Errorf("endpoint %+v", e)
			}
			if err == nil && c.kind == "" {
				return
			}
			if got := translator.AsError(err); got == nil || got.Kind != c.kind || got.Allow != c.allow {
				t.Errorf("error %+v, want %q", got, c.kind)
			}
		})
	}
	if e, err := table.Find("POST", "/model/m/converse-stream", nil); err != nil || !e.Streaming {
		t.Errorf("got %+v, %v, want a streaming endpoint", e, err)
	}
}

func TestNewRoutesRefuses(t *testing.T) {
	at := func(routes ...translator.Route) []translator.Dialect { return []translator.Dialect{named(routes)} }
	for name, c := range map[string]struct {
		dialects []translator.Dialect
		pages    []extproc.PageRoute
		want     string
	}{
		"no dialect":                {nil, nil, "no dialect"},
		"two dialects at one route": {[]translator.Dialect{&fakeDialect{}, &fakeDialect{}}, nil, "two owners of POST /whole"},
		"a page at a dialect's":     {at(translator.Route{Method: "GET", Pattern: "/m"}), []extproc.PageRoute{{Pattern: "/m"}}, "two owners of GET /m"},
		"a hole twice":              {at(translator.Route{Pattern: "/{model}/{model}"}), nil, "single {model}"},
		"another hole":              {at(translator.Route{Pattern: "/{id}"}), nil, "single {model}"},
		"not a path":                {at(translator.Route{Pattern: "x"}), nil, "neither a path"},
		"a slash at the end":        {at(translator.Route{Pattern: "/x/"}), nil, "ends with a slash"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := extproc.NewRoutes(c.dialects, c.pages); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
