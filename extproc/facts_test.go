package extproc

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
)

var update = flag.Bool("update", false, "write docs/facts.md again")

const factsPage = "../docs/facts.md"

// TestFactsPage compares the page with the table of facts and the kinds of errors.
func TestFactsPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/facts.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s |\n", f.name, f.example, f.doc)
	}
	want := bytes.Replace(intro, []byte("FACTS\n"), []byte(table.String()), 1)
	if *update {
		if err := os.WriteFile(factsPage, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(factsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/facts.md is stale, run go generate ./extproc (-want +got):\n%s", diff)
	}
	tokens := []string{details("")}
	for _, kind := range kinds(t) {
		tokens = append(tokens, details(kind))
	}
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(bedrock_extproc_[a-z_]+)` \\|").FindAllStringSubmatch(string(got), -1) {
		listed = append(listed, row[1])
	}
	slices.Sort(tokens)
	slices.Sort(listed)
	if diff := cmp.Diff(tokens, listed); diff != "" {
		t.Errorf("tokens on the page (-want +got):\n%s", diff)
	}
}

// kinds reads the constants of type translator.Kind from their source.
func kinds(t *testing.T) []translator.Kind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../translator/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []translator.Kind
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Kind" {
				all = append(all, translator.Kind(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)))
			}
		}
		return true
	})
	if len(all) < 20 {
		t.Fatalf("found %d kinds", len(all))
	}
	return all
}

func TestGuardrailAction(t *testing.T) {
	for _, c := range []struct {
		guarded bool
		reason  string
		want    string
	}{
		{false, "end_turn", ""},
		{false, "guardrail_intervened", ""},
		{true, "", ""},
		{true, "end_turn", "none"},
		{true, "guardrail_intervened", "intervened"},
	} {
		o := Outcome{Model: "m", Guarded: c.guarded, Summary: translator.Summary{StopReason: c.reason}}
		if got := o.dynamicMetadata().GetFields()["bedrock"].GetStructValue().GetFields()["guardrail_action"].GetStringValue(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
