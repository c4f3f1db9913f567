package coverage

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// place is where a case of translator/chat/testdata has the members of a structure: a
// section of the file, and a path in its JSON. * stands for each element of a list. In
// events.jsonl, each line is a value.
type place struct{ section, path string }

var places = map[string]place{
	"ConverseRequest":             {"converse.json", ""},
	"ConverseStreamRequest":       {"converse.json", ""},
	"InferenceConfiguration":      {"converse.json", "inferenceConfig"},
	"SystemContentBlock":          {"converse.json", "system.*"},
	"ContentBlock":                {"converse.json", "messages.*.content.*"},
	"ToolResultContentBlock":      {"converse.json", "messages.*.content.*.toolResult.content.*"},
	"Tool":                        {"converse.json", "toolConfig.tools.*"},
	"ToolChoice":                  {"converse.json", "toolConfig.toolChoice"},
	"ConverseResponse":            {"reply.json", ""},
	"TokenUsage":                  {"reply.json", "usage"},
	"ConverseStreamOutput":        {"events.jsonl", ""},
	"ContentBlockStart":           {"events.jsonl", "contentBlockStart.start"},
	"ContentBlockDelta":           {"events.jsonl", "contentBlockDelta.delta"},
	"ReasoningContentBlockDelta":  {"events.jsonl", "contentBlockDelta.delta.reasoningContent"},
	"MessageStopEvent":            {"events.jsonl", "messageStop"},
	"ConverseStreamMetadataEvent": {"events.jsonl", "metadata"},
}

// TestCasesShowTheirMember checks that each case has its member in its place, and that
// each test exists and names its member.
func TestCasesShowTheirMember(t *testing.T) {
	tests := parseTests(t, "../e2e")
	for heading, rows := range readPage(t) {
		for _, r := range rows {
			switch fn, isTest := tests[r.file]; {
			case isTest && !names(fn, r.member):
				t.Errorf("%s.%s: %s does not name it", heading, r.member, r.file)
			case isTest:
			case !shows(t, r.file, places[heading], r.member):
				t.Errorf("%s.%s: %s has no %s in %s", heading, r.member, r.file, r.member, places[heading])
			}
		}
	}
}

// parseTests returns the test functions of a folder by name.
func parseTests(t *testing.T, folder string) map[string]*ast.FuncDecl {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), folder, err)
	}
	tests := map[string]*ast.FuncDecl{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				tests[fn.Name.Name] = fn
			}
		}
	}
	return tests
}

// names reports whether a function has the member as a string, or as a Go field.
func names(fn *ast.FuncDecl, member string) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			found = found || err == nil && text == member
		case *ast.SelectorExpr:
			found = found || strings.EqualFold(n.Sel.Name, member)
		}
		return !found
	})
	return found
}

// shows reports whether a case has a member in a place.
func shows(t *testing.T, file string, at place, member string) bool {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("../../translator/chat/testdata", file+".txtar"))
	if err != nil {
		t.Errorf("%s is neither a test nor a case: %v", file, err)
		return false
	}
	path := strings.Split(strings.TrimPrefix(at.path+"."+member, "."), ".")
	for _, section := range archive.Files {
		if section.Name != at.section {
			continue
		}
		for dec := json.NewDecoder(bytes.NewReader(section.Data)); ; {
			var value any
			if err := dec.Decode(&value); err != nil {
				break // the end: the translator's tests read the same file
			}
			if has(value, path) {
				return true
			}
		}
	}
	return false
}

// has reports whether a value has something at a path.
func has(value any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch v := value.(type) {
	case map[string]any:
		member, ok := v[path[0]]
		return ok && has(member, path[1:])
	case []any:
		for _, item := range v {
			if path[0] == "*" && has(item, path[1:]) {
				return true
			}
		}
	}
	return false
}

func TestHas(t *testing.T) {
	var value any
	if err := json.Unmarshal([]byte(`{"a":[{"b":1},{"c":{"d":null}}],"e":{"b":1}}`), &value); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"a": true, "a.*.b": true, "a.*.c.d": true, "e.b": true,
		"b": false, "a.b": false, "a.*.d": false, "e.*": false, "a.*.b.c": false,
	} {
		if got := has(value, strings.Split(path, ".")); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
