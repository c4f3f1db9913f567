package doctor

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// adminOf serves pages by path and returns the URL.
func adminOf(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestReadAdmin(t *testing.T) {
	pages := func() map[string]string {
		return map[string]string{
			"/config_dump": string(goodSite(t).staticDump(t)),
			"/server_info": `{"version": "0123abc/1.37.6-dev/Clean/RELEASE/BoringSSL"}`,
			"/stats":       "a.b: 3\nhistogram: P0(nan,1)\ncluster.x:y.z: 18446744073709551615\n",
		}
	}
	s, err := ReadAdmin(t.Context(), adminOf(t, pages())+"/")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"a.b": 3, "cluster.x:y.z": 1<<64 - 1}
	if diff := cmp.Diff(want, s.Stats); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if s.Version != "1.37.6-dev" {
		t.Errorf("version %q", s.Version)
	}
	for _, missing := range []string{"/config_dump", "/server_info", "/stats"} {
		some := pages()
		delete(some, missing)
		if _, err := ReadAdmin(t.Context(), adminOf(t, some)); err == nil {
			t.Errorf("no error without %s", missing)
		}
	}
	for page, text := range map[string]string{"/config_dump": "{}", "/server_info": "LIVE"} {
		some := pages()
		some[page] = text
		if _, err := ReadAdmin(t.Context(), adminOf(t, some)); err == nil {
			t.Errorf("no error with %s: %s", page, text)
		}
	}
}
