// Package examples checks what all examples have in common: five steps and valid YAML. The
// content of the files is checked by envoy/ and tests/e2e for Envoy, and by the
// neighbouring modules for other hosts; their pages are checked by tests/docs.
package examples

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../../examples"

// files returns the example files whose names end with one of the suffixes.
func files(t *testing.T, suffixes ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(path, s) }) {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("no files: %v", err)
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each folder has a README whose lists of steps have five steps.
func TestFiveSteps(t *testing.T) {
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		var steps []string
		for _, match := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(read(t, filepath.Join(root, folder.Name(), "README.md")), -1) {
			steps = append(steps, match[1])
		}
		if len(steps) == 0 || len(steps)%5 != 0 {
			t.Errorf("%s: steps %q", folder.Name(), steps)
		}
		for i, step := range steps {
			if want := string(rune('1' + i%5)); step != want {
				t.Errorf("%s: step %s, want %s", folder.Name(), step, want)
			}
		}
	}
}

// The files are valid YAML without duplicate keys.
func TestYAML(t *testing.T) {
	for _, file := range files(t, ".yaml", ".yml") {
		decoder := yaml.NewDecoder(bytes.NewBufferString(read(t, file)))
		documents := 0
		for {
			var document map[string]any
			err := decoder.Decode(&document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("%s: %v", file, err)
				break
			}
			documents++
		}
		if documents == 0 {
			t.Errorf("%s is empty", file)
		}
	}
}

// Every file, or its folder, is mentioned in a README or another file, so that no
// unused file stays.
func TestEveryFileIsNamed(t *testing.T) {
	var texts []string
	pages := files(t, ".md", ".yaml", ".yml")
	for _, page := range pages {
		texts = append(texts, read(t, page))
	}
	for _, file := range files(t, "") {
		named := func(name string) bool {
			for i, text := range texts {
				if pages[i] != file && strings.Contains(text, name) {
					return true
				}
			}
			return false
		}
		folder := filepath.Base(filepath.Dir(file)) + "/ "
		if !strings.HasSuffix(file, "README.md") && !named(filepath.Base(file)) && !named("| "+folder) {
			t.Errorf("no file mentions %s", file)
		}
	}
}

// An access log with facts has all of them, so that token counts add up.
func TestAccessLogs(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "../../docs/facts.md"), "| key |")
	table, _, _ = strings.Cut(table, "\n\n")
	facts := regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllStringSubmatch(table, -1)
	if len(facts) < 10 {
		t.Fatalf("facts of the page: %q", facts)
	}
	logs := 0
	for _, file := range files(t, ".yaml") {
		text := read(t, file)
		if !strings.Contains(text, "%DYNAMIC_METADATA(bedrock:model)%") {
			continue
		}
		logs++
		for _, fact := range facts {
			if !strings.Contains(text, "%DYNAMIC_METADATA(bedrock:"+fact[1]+")%") {
				t.Errorf("%s: the access log has no %s", file, fact[1])
			}
		}
	}
	if logs < 8 {
		t.Errorf("%d access logs", logs)
	}
}

// No proxy of an example repeats a request that may have reached a model: each
// repetition would run and bill it again. A connection that failed reached none.
func TestNothingRetries(t *testing.T) {
	retries := regexp.MustCompile(`(?mi)^[\s-]*(retry|retries|retry_?policy|num_?retries|retry_?on)\s*:.*`)
	connecting := regexp.MustCompile(`retry_policy:\n(\s+)host_selection_retry_max_attempts: "\d"\n\s+num_retries: 1\n(\s+.*\n){1,5}\s+retry_on: connect-failure\n`)
	for _, file := range files(t, ".yaml") {
		text := connecting.ReplaceAllString(read(t, file), "\n")
		if found := retries.FindString(text); found != "" {
			t.Errorf("%s has %q", file, strings.TrimSpace(found))
		}
	}
}
