package translator

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/page"
)

//go:generate go test . -run "TestErrorsPage|TestPageOfTroubles" -update

var update = flag.Bool("update", false, "write docs/errors.md again")

// TestErrorsPage compares docs/errors.md with the table of kinds.
func TestErrorsPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, k := range Kinds() {
		fmt.Fprintf(&rows, "| `%s` | %d | %s | %s | %s |\n", k.Kind, k.Status, map[bool]string{true: "yes", false: "no"}[k.Retryable], k.When, k.Do)
	}
	want := strings.Replace(string(intro), "KINDS\n", rows.String(), 1)
	page.Check(t, "../docs/errors.md", want, *update)
}

// TestEveryKindIsInTheTable: in the order of the constants, each once.
func TestEveryKindIsInTheTable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kinds.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants, rows []Kind
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Kind" {
				constants = append(constants, Kind(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)))
			}
		}
		return true
	})
	for _, k := range Kinds() {
		rows = append(rows, k.Kind)
		if k.Status < 400 || k.When == "" || k.Do == "" {
			t.Errorf("%s: %+v", k.Kind, k)
		}
		if e := NewError(k.Kind, "m"); e.Status != k.Status || e.Retryable != k.Retryable || e.RetryAfter != k.RetryAfter || e.Kind != k.Kind || e.Message != "m" {
			t.Errorf("%s: %+v", k.Kind, e)
		}
	}
	if diff := cmp.Diff(constants, rows); diff != "" || len(rows) < 20 {
		t.Errorf("(-constants +rows):\n%s", diff)
	}
	if e := NewError("new", "m"); e.Status != 500 {
		t.Errorf("an unknown kind: %+v", e)
	}
}

// TestStatusesAreInTheTable: no other file of the program writes an Error of its own,
// so that status and advice are the table's.
func TestStatusesAreInTheTable(t *testing.T) {
	for _, dir := range []string{".", "chat", "converse", "../extproc", "../internal/identity", "../internal/gateway", "../internal/awsauth", "../internal/converseapi", "../internal/bedrock"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := dir + "/" + entry.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "./kinds.go" {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok && len(lit.Elts) > 0 && isError(lit.Type) {
					t.Errorf("%s writes an Error of its own: use NewError", name)
				}
				return true
			})
		}
	}
}

// isError reports whether a type is Error or translator.Error.
func isError(typ ast.Expr) bool {
	switch x := typ.(type) {
	case *ast.Ident:
		return x.Name == "Error"
	case *ast.SelectorExpr:
		id, ok := x.X.(*ast.Ident)
		return ok && id.Name == "translator" && x.Sel.Name == "Error"
	}
	return false
}
