package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// form is an issue form of GitHub, as far as the tests look at it.
type form struct {
	Name, Description string
	Body              []struct {
		Type, ID   string
		Attributes struct {
			Label, Value, Description string
			Options                   []any
		}
		Validations struct{ Required bool }
	}
}

// Forms are complete. Those that ask for data of a system warn of content, and ask for
// the doctor's output and a request id.
func TestIssueForms(t *testing.T) {
	for name, asksForData := range map[string]bool{"bug": true, "question": true, "feature": false} {
		var f form
		decoder := yaml.NewDecoder(strings.NewReader(read(t, "../../.github/ISSUE_TEMPLATE/"+name+".yml")))
		if err := decoder.Decode(&f); err != nil || f.Name == "" || f.Description == "" {
			t.Fatalf("%s: %v, %+v", name, err, f)
		}
		ids, warned := map[string]bool{}, false
		for _, field := range f.Body {
			switch field.Type {
			case "markdown":
				warned = warned || strings.Contains(field.Attributes.Value, "Leave out prompts, answers, keys, tokens and account numbers")
				continue
			case "textarea", "input":
			case "dropdown", "checkboxes":
				if len(field.Attributes.Options) == 0 {
					t.Errorf("%s: %s has no options", name, field.ID)
				}
			default:
				t.Errorf("%s: a field of type %q", name, field.Type)
			}
			if field.ID == "" || ids[field.ID] || field.Attributes.Label == "" {
				t.Errorf("%s: a field without label or id of its own: %+v", name, field)
			}
			ids[field.ID] = true
		}
		if asksForData && (!warned || !ids["doctor"] || !ids["request-id"]) {
			t.Errorf("%s: warns of content: %v, fields %v", name, warned, ids)
		}
	}
}

// Workflows pin every action by commit, begin with no more rights than reading, and run
// only what a person runs.
func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) != 2 {
		t.Fatalf("workflows %q, %v", files, err)
	}
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		text := read(t, file)
		uses := regexp.MustCompile(`(?m)uses: (.*)$`).FindAllStringSubmatch(text, -1)
		if len(uses) == 0 {
			t.Errorf("%s uses nothing", file)
		}
		for _, match := range uses {
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s: %s is not pinned by commit", file, match[1])
			}
		}
		if !regexp.MustCompile(`(?m)^permissions:( \{\}|\n  contents: read)\n\n`).MatchString(text) {
			t.Errorf("%s has other rights than to read", file)
		}
		for _, match := range regexp.MustCompile(`(?m)- run: (\S+)`).FindAllStringSubmatch(text, -1) {
			if command := match[1]; command != "make" && command != "gh" && command != ".ci/run" {
				t.Errorf("%s runs %s", file, command)
			}
		}
	}
	if info, err := os.Stat("../../.ci/run"); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf(".ci/run: %v", err)
	}
}
