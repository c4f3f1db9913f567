package extproc_test

import (
	"strings"
	"testing"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

func TestUnknownPathAndMethod(t *testing.T) {
	tests := map[string]struct {
		method, path  string
		status        int
		kind, allowed string
	}{
		"unknown path":        {"POST", "/nowhere", 404, "unknown_path", ""},
		"no path":             {"POST", "", 404, "unknown_path", ""},
		"a path too long":     {"POST", "/whole/", 404, "unknown_path", ""},
		"wrong method":        {"GET", "/whole", 405, "method_not_allowed", "POST"},
		"wrong page method":   {"POST", "/healthz", 405, "method_not_allowed", "GET, HEAD"},
		"no method":           {"", "/whole", 405, "method_not_allowed", "POST"},
		"a method in a rage":  {"DELETE", "/stream?x", 405, "method_not_allowed", "POST"},
		"secrets in the path": {"POST", "/nowhere?key=" + prompt, 404, "unknown_path", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				a := s.envoy.open(s.t, endOfStream, requestHeaders(test.method, test.path)...).answer()
				if a.status != test.status || a.header["allow"] != test.allowed || a.details != "bedrock_extproc_"+test.kind {
					s.t.Errorf("status %d, allow %q, details %s", a.status, a.header["allow"], a.details)
				}
				if e := decodeError(s.t, a.body()); e.Kind != test.kind || strings.Contains(e.Message, prompt) {
					s.t.Errorf("error %+v", e)
				}
				if a.header["content-type"] != "application/json" {
					s.t.Errorf("headers %v", a.header)
				}
				s.works()
			}, healthz)
		})
	}
}

func TestPages(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		t.Run(method, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				a := s.envoy.open(s.t, endOfStream, requestHeaders(method, "/healthz?verbose")...).answer()
				if a.status != 200 || !a.immediate || a.body() != `{"status":"ok"}` || a.header["content-type"] != "application/json" {
					s.t.Errorf("answer %+v", a)
				}
				if o := s.outcome(); o.Model != "" || o.Status != 200 || o.Path != "/healthz" || a.metadata != nil {
					s.t.Errorf("outcome %+v, metadata %v", o, a.metadata)
				}
			}, healthz)
		})
	}
}

func TestNotReadyPage(t *testing.T) {
	bubble(t, func(s *sidecar) {
		if a := s.get("/readyz").answer(); a.status != 503 || a.body() != "{}" {
			s.t.Errorf("answer %+v", a)
		}
	}, func(s *sidecar) {
		s.pages = []extproc.PageRoute{{Pattern: "/readyz", Page: page(503, "{}")}}
	})
}

// Each dialect words the errors of its own paths, also of requests that never
// reach it.
func TestDialectsWordTheirOwnErrors(t *testing.T) {
	other := &fakeDialect{
		routes:      []translator.Route{{Method: "POST", Pattern: "/other"}},
		encodeError: func(e *translator.Error) translator.Response { return jsonResponse(e.Status, "other "+string(e.Kind)) },
	}
	add := func(s *sidecar) {
		s.others = []translator.Dialect{other}
		s.cfg.MaxBodyBytes = 100
	}
	bubble(t, func(s *sidecar) {
		if a := s.envoy.open(s.t, endOfStream, requestHeaders("GET", "/other")...).answer(); a.body() != "other method_not_allowed" {
			s.t.Errorf("body %q", a.body())
		}
		if a := s.post("/other", strings.Repeat("x", 100)).answer(); a.body() != "other request_too_large" {
			s.t.Errorf("body %q", a.body())
		}
		if a := s.get("/nowhere").answer(); decodeError(s.t, a.body()).Kind != "unknown_path" {
			s.t.Errorf("body %q", a.body())
		}
		if a := s.post("/other", "").answer(); a.body() != "reply: hello" {
			s.t.Errorf("body %q", a.body())
		}
	}, add)
}

func TestNewServerNeedsAGateway(t *testing.T) {
	if _, err := extproc.NewServer(extproc.Config{}); err == nil || !strings.Contains(err.Error(), "Gateway is nil") {
		t.Errorf("error %v", err)
	}
}

func TestZeroConfig(t *testing.T) {
	bubble(t, func(s *sidecar) {
		if a := s.post("/whole", "").answer(); a.status != 200 {
			s.t.Errorf("status %d", a.status)
		}
		if a := s.get("/nowhere").answer(); a.status != 404 {
			s.t.Errorf("status %d", a.status)
		}
	}, func(s *sidecar) { s.cfg.Observe, s.cfg.Log = nil, nil })
}
