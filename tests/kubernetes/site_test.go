package kubernetes

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A site replaces a cluster or Docker on this machine: it maps volumes to folders and
// ports to free ports.
type site struct {
	dir   string
	hosts []string          // host names that resolve to this machine
	ports map[string]string // maps ports of the examples to ports here
	env   []string          // AWS variables for the fake Bedrock
}

// newSite returns a site with a running fake Bedrock.
func newSite(t testing.TB, hosts ...string) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "site-") //nolint:usetesting // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{dir: dir, hosts: hosts, ports: freePorts(t, "8000", "9901", "9002", "9003")}
	s.env = []string{
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + startBedrock(t),
		"AWS_ACCESS_KEY_ID=AKIDFAKEBEDROCK", "AWS_SECRET_ACCESS_KEY=fake-bedrock-secret-key",
	}
	return s
}

// startBedrock starts a fake Bedrock and returns its URL.
func startBedrock(t testing.TB) string {
	t.Helper()
	p := start(t, nil, build(t, "./tests/fakebedrock/cmd/fakebedrock"), "-addr", "127.0.0.1:0")
	var url string
	p.await(t, func() error {
		var found bool
		if _, url, found = strings.Cut(strings.TrimSpace(readFile(t, p.output)), "serving on "); !found {
			return errors.New("the fake Bedrock does not print its address")
		}
		return nil
	})
	return url
}

// address returns the address here of a port of the examples.
func (s *site) address(port string) string { return "127.0.0.1:" + s.ports[port] }

// folder returns the folder of a volume.
func (s *site) folder(volume string) string { return filepath.Join(s.dir, volume) }

var number = regexp.MustCompile(`\b\d+\b`)

// here adapts an argument or file to this machine. mounts maps paths in the container
// to volumes.
func (s *site) here(text string, mounts map[string]string) string {
	text = number.ReplaceAllStringFunc(text, func(n string) string { return cmp.Or(s.ports[n], n) })
	text = strings.ReplaceAll(text, "0.0.0.0", "127.0.0.1")
	text = strings.ReplaceAll(text, "=:", "=127.0.0.1:")
	for _, host := range s.hosts {
		text = regexp.MustCompile(`(\baddress: )`+host+`\n`).ReplaceAllString(text, "${1}127.0.0.1\n")
	}
	// Longer paths first, because a path may be a prefix of another.
	for _, path := range slices.Backward(slices.Sorted(maps.Keys(mounts))) {
		text = strings.ReplaceAll(text, path, s.folder(mounts[path]))
	}
	return text
}

// project writes files like a kubelet writes a ConfigMap or Secret: as links through
// ..data, which is replaced atomically.
func (s *site) project(t testing.TB, volume string, files map[string]string) {
	t.Helper()
	folder := s.folder(volume)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	version, err := os.MkdirTemp(folder, "..") //nolint:usetesting // in the volume
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(version, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(folder, name)
		if _, err := os.Lstat(link); err == nil {
			continue
		}
		if err := os.Symlink(filepath.Join("..data", name), link); err != nil {
			t.Fatal(err)
		}
	}
	next := filepath.Join(folder, "..data_tmp")
	if err := os.Symlink(filepath.Base(version), next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(folder, "..data")); err != nil {
		t.Fatal(err)
	}
}
