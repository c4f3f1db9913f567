package extproc_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"runtime"
	"strings"
	"testing"
)

// gzipped is text in the gzip format.
func gzipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	compress(t, gzip.NewWriter(&out), text)
	return out.String()
}

func compress(t testing.TB, w io.WriteCloser, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestContentEncoding(t *testing.T) {
	text := strings.Repeat("a body ", 40)
	packed := gzipped(t, text)
	var deflated bytes.Buffer
	compress(t, zlib.NewWriter(&deflated), text)
	damaged := []byte(packed)
	damaged[len(damaged)-6] ^= 1 // of the checksum

	const ok, tooLarge, unsupported, malformed = "", "request_too_large", "unsupported_encoding", "malformed_request"
	for name, c := range map[string]struct {
		headers []string
		body    string
		kind    string
	}{
		"none":                  {nil, text, ok},
		"gzip":                  {[]string{"gzip"}, packed, ok},
		"x-gzip, another case":  {[]string{"X-GZip"}, packed, ok},
		"identity":              {[]string{"identity"}, text, ok},
		"empty":                 {[]string{" "}, text, ok},
		"a list":                {[]string{"identity , gzip"}, packed, ok},
		"two headers":           {[]string{"gzip", "identity"}, packed, ok},
		"two members":           {[]string{"gzip"}, gzipped(t, text[:9]) + gzipped(t, text[9:]), ok},
		"at the limit":          {[]string{"gzip"}, gzipped(t, text), ok},
		"over the limit":        {[]string{"gzip"}, gzipped(t, text+"."), tooLarge},
		"many empty members":    {[]string{"gzip"}, strings.Repeat(gzipped(t, ""), 1000) + packed, ok},
		"a bomb":                {[]string{"gzip"}, gzipped(t, strings.Repeat("0", 1<<20)), tooLarge},
		"zstd":                  {[]string{"zstd"}, text, unsupported},
		"br":                    {[]string{"br"}, text, unsupported},
		"deflate":               {[]string{"deflate"}, deflated.String(), unsupported},
		"unknown":               {[]string{"rot13"}, text, unsupported},
		"gzip after another":    {[]string{"br, gzip"}, packed, unsupported},
		"another header":        {[]string{"gzip", "br"}, packed, unsupported},
		"gzip twice":            {[]string{"gzip, gzip"}, gzipped(t, packed), unsupported},
		"not gzip":              {[]string{"gzip"}, text, malformed},
		"cut off":               {[]string{"gzip"}, packed[:len(packed)-9], malformed},
		"cut off in the header": {[]string{"gzip"}, packed[:5], malformed},
		"a wrong checksum":      {[]string{"gzip"}, string(damaged), malformed},
		"more behind it":        {[]string{"gzip"}, packed + "x", malformed},
		"deflate called gzip":   {[]string{"gzip"}, deflated.String(), malformed},
	} {
		for _, mode := range modesWithBody {
			t.Run(name+" "+mode.String(), func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					s.envoy.mode = mode
					body := s.capture()
					headers := requestHeaders("POST", "/whole")
					for _, h := range c.headers {
						headers = append(headers, "content-encoding", h)
					}
					call := s.envoy.open(s.t, false, headers...)
					call.body(c.body, endOfStream)
					a := call.answer()
					if c.kind == ok {
						if a.status != 200 || *body != text {
							s.t.Errorf("status %d, the dialect got %q", a.status, *body)
						}
						if o := s.outcome(); o.BytesIn != len(c.body) {
							s.t.Errorf("%d bytes in, want those on the wire: %d", o.BytesIn, len(c.body))
						}
						return
					}
					status := map[string]int{tooLarge: 413, unsupported: 415, malformed: 422}[c.kind]
					if e := decodeError(s.t, a.body()); a.status != status || e.Kind != c.kind {
						s.t.Errorf("status %d, %+v, want %d %s", a.status, e, status, c.kind)
					}
					accepted := map[string]string{unsupported: "gzip, identity"}[c.kind]
					if got := a.header["accept-encoding"]; got != accepted {
						s.t.Errorf("accept-encoding %q, want %q", got, accepted)
					}
					if *body != "" {
						s.t.Errorf("the dialect got %q", *body)
					}
				}, func(s *sidecar) { s.cfg.MaxBodyBytes = max(len(text), len(c.body)) })
			})
		}
	}
}

// TestEncodingOfOtherRequests: a request without a body, or one that no dialect reads,
// gets its usual answer.
func TestEncodingOfOtherRequests(t *testing.T) {
	for path, want := range map[string]int{"/whole": 200, "/healthz": 405, "/nowhere": 404} {
		bubble(t, func(s *sidecar) {
			if a := s.envoy.open(s.t, endOfStream, requestHeaders("POST", path, "content-encoding", "br")...).answer(); a.status != want {
				s.t.Errorf("%s: status %d, want %d", path, a.status, want)
			}
		}, healthz)
	}
}

// TestBombUsesLittleMemory: a body that would be half a gigabyte ends at the limit.
func TestBombUsesLittleMemory(t *testing.T) {
	bomb := strings.Repeat(gzipped(t, strings.Repeat("0", 1<<20)), 500)
	bubble(t, func(s *sidecar) {
		c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole", "content-encoding", "gzip")...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.body(bomb, endOfStream)
		a := c.answer()
		runtime.ReadMemStats(&after)
		if a.status != 413 {
			s.t.Errorf("status %d", a.status)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 30<<20 {
			s.t.Errorf("%d bytes were allocated", used)
		}
	}, func(s *sidecar) { s.cfg.MaxBodyBytes = 2 << 20 })
}
