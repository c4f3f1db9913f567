// Package examples holds what all examples have in common: they can be followed
// in five steps, their links lead somewhere and their files can be read. What the
// files mean is checked by the code of those that will read them: envoy/ and
// tests/e2e for Envoy, and the modules beside this package for other hosts.
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

// files are those of the examples whose names end in one of the suffixes.
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

// Each folder has a page, and the lists of steps on it have five of them.
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
			t.Errorf("%s: the steps are %q", folder.Name(), steps)
		}
		for i, step := range steps {
			if want := string(rune('1' + i%5)); step != want {
				t.Errorf("%s: step %s where %s would be", folder.Name(), step, want)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)

func TestLinks(t *testing.T) {
	for _, file := range files(t, ".md") {
		for _, match := range link.FindAllStringSubmatch(read(t, file), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), match[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// Keys that come twice are errors, too.
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
			t.Errorf("%s holds nothing", file)
		}
	}
}

// Every file is named on a page or in another file beside it, or else its folder is,
// so that none is left behind.
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
			t.Errorf("nothing names %s", file)
		}
	}
}

// Whoever prints facts of a call prints all of them: totals that are not the sum of
// what stands beside them help nobody.
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
