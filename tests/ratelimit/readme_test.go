package ratelimit

import (
	"net"
	"path/filepath"
	"testing"

	"bedrock-extproc/tests/readme"
)

// TestSteps types what the pages of the examples say, and compares what is printed.
func TestSteps(t *testing.T) {
	for _, name := range []string{"budget", "apikeys"} {
		t.Run(name, func(t *testing.T) {
			_, port, err := net.SplitHostPort(redis(t))
			if err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join("examples/envoy", name)
			readme.Example{Root: "../..", Folder: folder, Programs: programs, Ports: map[string]string{"6379": port}}.Run(t, filepath.Join(folder, "README.md"))
		})
	}
}
