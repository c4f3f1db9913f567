package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

// namers are the pages whose names must exist: all but the one about the past.
func namers(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(page.All(t, root), func(file string) bool { return filepath.Base(file) == "CHANGELOG.md" })
}

var (
	// repositoryFile is a path in code that begins with one of the repository's folders.
	repositoryFile = regexp.MustCompile("`((?:charts|cmd|docs|envoy|examples|extproc|internal|release|tests|translator|\\.ci|\\.github)/[\\w./-]+)`")
	goCommand      = regexp.MustCompile(`\bgo (?:test|generate)((?: \./[\w./-]+)+)(?: -run '([^']+)')?`)
	makeTarget     = regexp.MustCompile("(?m)(?:`|^ *(?:[A-Z]+=\\S+ )?)make ([a-z0-9-]+)")
	goTest         = regexp.MustCompile("`(Test\\w+)`")
)

// Each file that a page names exists, in the repository or beside the page.
func TestNamedFiles(t *testing.T) {
	found := 0
	for _, file := range namers(t) {
		for _, match := range repositoryFile.FindAllStringSubmatch(page.Read(t, file), -1) {
			found++
			_, inRoot := os.Stat(filepath.Join(root, match[1]))
			_, beside := os.Stat(filepath.Join(filepath.Dir(file), match[1]))
			if inRoot != nil && beside != nil {
				t.Errorf("%s: %v", file, inRoot)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d files", found)
	}
}

var (
	metric = regexp.MustCompile(`\b(?:bedrock_extproc|gen_ai_(?:client|server))_\w+`)
	// series are the endings of a histogram's series.
	series = regexp.MustCompile(`_(?:bucket|sum|count)$`)
)

// Each metric, and each response code detail, that a page names exists.
func TestNamedMetrics(t *testing.T) {
	known := page.Read(t, "../../docs/metrics.md") + page.Read(t, "../../docs/facts.md")
	for _, file := range namers(t) {
		for _, name := range metric.FindAllString(page.Read(t, file), -1) {
			if !strings.Contains(known, "`"+name+"`") && !strings.Contains(known, "`"+series.ReplaceAllString(name, "")+"`") {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
}

// Each target, package and test that a page names exists.
func TestNamedCommands(t *testing.T) {
	makefile, tests := page.Read(t, "../../Makefile"), testFunctions(t)
	for _, file := range namers(t) {
		text := page.Read(t, file)
		for _, match := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+match[1]+":") {
				t.Errorf("%s: there is no target %s", file, match[1])
			}
		}
		for _, match := range goTest.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(tests, match[1]) {
				t.Errorf("%s: there is no test %s", file, match[1])
			}
		}
		for _, match := range goCommand.FindAllStringSubmatch(text, -1) {
			for folder := range strings.FieldsSeq(match[1]) {
				if _, err := os.Stat(filepath.Join(root, strings.TrimSuffix(folder, "/..."))); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
			for name := range strings.SplitSeq(match[2], "|") {
				name, _, _ = strings.Cut(name, "/") // the case is the reader's
				if name != "" && !slices.ContainsFunc(tests, func(test string) bool { return strings.HasPrefix(test, name) }) {
					t.Errorf("%s: -run %s runs nothing", file, name)
				}
			}
		}
	}
}

// testFunctions are the names of the tests of all packages.
func testFunctions(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, folder := range []string{"cmd", "envoy", "extproc", "internal", "release", "tests", "translator"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(page.Read(t, path), -1) {
				names = append(names, match[1])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// The code in the guides changes code that is there.
func TestGuidesNameCode(t *testing.T) {
	for file, names := range map[string][]string{
		"translator/family/family.go":           {"type Family struct", "BlankStopSequences Rule[string] `yaml:\"blank_stop_sequences\"`", ") check() []problem"},
		"translator/converse/inference.go":      {"stopSequences(f Field)", "case kept:", "func (r *Request)"},
		"translator/converse/fault.go":          {"type template", "family *family.Family", "evidence string", "count    int"},
		"internal/doctor/filter.go":             {"func filterChecks() []check", "eachSetting(func(_ *examination, s setting) string", "problemIf("},
		"internal/doctor/checks.go":             {"func eachFilter", "func eachSetting", "type check struct"},
		"internal/doctor/broken_filter_test.go": {"field(\"failure-mode\", ", "func(f *extprocv3.ExternalProcessor)"},
	} {
		for _, name := range names {
			if !strings.Contains(page.Read(t, filepath.Join(root, file)), name) {
				t.Errorf("%s has no %q, which a page in docs/contributing names", file, name)
			}
		}
	}
}
