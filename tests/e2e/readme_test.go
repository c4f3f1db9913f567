package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/tests/readme"
)

// TestSteps types what the pages in examples/envoy say, and compares what is printed.
// tests/ratelimit does so for the examples with a rate limit service.
func TestSteps(t *testing.T) {
	pages, err := filepath.Glob(examples + "/*/README.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("pages %q, %v", pages, err)
	}
	for _, page := range append(pages, examples+"/README.md") {
		folder, name := filepath.Dir(page), filepath.Base(filepath.Dir(page))
		if slices.Contains([]string{"budget", "apikeys"}, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			e := readme.Example{Root: "../..", Programs: filepath.Dir(program)}
			if strings.Contains(string(text), "\nIn this folder, ") {
				e.Folder = strings.TrimPrefix(folder, "../../")
			}
			e.Run(t, strings.TrimPrefix(page, "../../"))
		})
	}
}
