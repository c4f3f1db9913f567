package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guides are the pages that lead a newcomer or a releaser through steps.
func guides(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../../docs/contributing/*.md")
	if err != nil || len(found) < 3 {
		t.Fatalf("guides %q, %v", found, err)
	}
	return append(found, "../../RELEASE.md", "../../SUPPORT.md", "../../MAINTAINERS.md", "../../docs/upgrading.md")
}

var (
	// repositoryFile is a path of the repository in code: it begins with one of its folders.
	repositoryFile = regexp.MustCompile("`((?:cmd|docs|envoy|examples|extproc|internal|release|tests|translator|\\.ci|\\.github)/[\\w./-]+)`")
	goCommand      = regexp.MustCompile(`\bgo (?:test|generate)((?: \./[\w./-]+)+)(?: -run '([^']+)')?`)
	makeTarget     = regexp.MustCompile("(?m)(?:`|^ *(?:[A-Z]+=\\S+ )?)make ([a-z0-9-]+)")
	goTest         = regexp.MustCompile("`(Test\\w+)`")
)

// Each file that a guide names exists.
func TestGuidesNameFiles(t *testing.T) {
	for _, guide := range guides(t) {
		for _, match := range repositoryFile.FindAllStringSubmatch(read(t, guide), -1) {
			if _, err := os.Stat(filepath.Join("../..", match[1])); err != nil {
				t.Errorf("%s: %v", guide, err)
			}
		}
	}
}

// Each target, package and test that a guide names exists.
func TestGuidesNameCommands(t *testing.T) {
	makefile, tests := read(t, "../../Makefile"), testFunctions(t)
	for _, guide := range guides(t) {
		text := read(t, guide)
		for _, match := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+match[1]+":") {
				t.Errorf("%s: there is no target %s", guide, match[1])
			}
		}
		for _, match := range goTest.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(tests, match[1]) {
				t.Errorf("%s: there is no test %s", guide, match[1])
			}
		}
		for _, match := range goCommand.FindAllStringSubmatch(text, -1) {
			for folder := range strings.FieldsSeq(match[1]) {
				if _, err := os.Stat(filepath.Join("../..", strings.TrimSuffix(folder, "/..."))); err != nil {
					t.Errorf("%s: %v", guide, err)
				}
			}
			for name := range strings.SplitSeq(match[2], "|") {
				name, _, _ = strings.Cut(name, "/") // the case is the reader's
				if name != "" && !slices.ContainsFunc(tests, func(test string) bool { return strings.HasPrefix(test, name) }) {
					t.Errorf("%s: -run %s runs nothing", guide, name)
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
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(read(t, path), -1) {
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
			if !strings.Contains(read(t, filepath.Join("../..", file)), name) {
				t.Errorf("%s has no %q, which a page in docs/contributing names", file, name)
			}
		}
	}
}
