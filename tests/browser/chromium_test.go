//go:build browser

package browser

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is the timeout of each wait.
const limit = time.Minute

// site serves the example's page and the test's, and receives what a page has seen. Each
// site has an origin of its own.
type site struct {
	*httptest.Server
	gateway string        // Envoy's URL
	results chan []byte   // JSON of each finished page
	first   chan struct{} // receives when a page has read its first event
}

func newSite(t *testing.T) *site {
	s := &site{results: make(chan []byte, 1), first: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	files := http.FileServer(http.Dir(example))
	mux.Handle("/test/", http.StripPrefix("/test/", http.FileServer(http.Dir("testdata"))))
	mux.Handle("/client.js", files)
	mux.HandleFunc("/index.html", s.index)
	mux.HandleFunc("POST /release", func(http.ResponseWriter, *http.Request) { s.first <- struct{}{} })
	mux.HandleFunc("POST /result", func(_ http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body) // an incomplete body is no JSON
		s.results <- b.Bytes()
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// index is the example's page, for this gateway.
func (s *site) index(w http.ResponseWriter, _ *http.Request) {
	page, err := os.ReadFile(filepath.Join(example, "index.html"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write(bytes.ReplaceAll(page, []byte("http://localhost:8000"), []byte(s.gateway)))
}

// run opens the test's page in Chromium and decodes what a scenario has seen.
func (s *site) run(t *testing.T, scenario string, seen any) {
	t.Helper()
	query := url.Values{"scenario": {scenario}, "gateway": {s.gateway}}
	c := open(t, s.URL+"/test/test.html?"+query.Encode())
	select {
	case result := <-s.results:
		if err := json.Unmarshal(result, seen); err != nil {
			t.Fatalf("%v: %s", err, result)
		}
		t.Logf("the page has seen %s", result)
	case <-c.ended:
		t.Fatalf("Chromium ended:\n%s", &c.log)
	case <-time.After(limit):
		c.kill()
		t.Fatalf("the page does not finish; Chromium:\n%s", &c.log)
	}
}

// browser is a running Chromium.
type browser struct {
	cmd   *exec.Cmd
	ended chan struct{}
	log   bytes.Buffer // complete when it has ended
}

// open opens a page in headless Chromium until the end of the test.
func open(t *testing.T, page string) *browser {
	t.Helper()
	return launch(t, nil, page)
}

// launch starts headless Chromium until the end of the test. It inherits files as its
// descriptors from 3 on.
func launch(t *testing.T, files []*os.File, more ...string) *browser {
	t.Helper()
	args := []string{
		"--headless", "--user-data-dir=" + t.TempDir(), "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
		// Chromium calls nothing but this machine.
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-pings", "--disable-breakpad",
	}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // which root cannot have
	}
	b := &browser{cmd: exec.Command(chromium(t), append(args, more...)...), ended: make(chan struct{})}
	// Its processes are one group, which is killed as a whole.
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	b.cmd.Stdout, b.cmd.Stderr, b.cmd.ExtraFiles = &b.log, &b.log, files
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(b.ended)
		_ = b.cmd.Wait() // it is killed
	}()
	t.Cleanup(b.kill)
	return b
}

// kill ends Chromium and waits for it.
func (b *browser) kill() {
	_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL) // it may have ended already
	<-b.ended
}

// chromium returns the path of Chromium, which chromium.sh installs if it can. Without a
// Chromium it fails the test with instructions.
func chromium(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "./chromium.sh")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no Chromium: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
