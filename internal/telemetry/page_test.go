package telemetry

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

//go:generate go test . -run TestPage -update

var update = flag.Bool("update", false, "write docs/observability.md again")

// TestPage compares docs/observability.md with the table of fields.
func TestPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&rows, "| `%s` | `%s` | %s |\n", f.name, f.example, f.doc)
	}
	page.Check(t, "../../docs/observability.md", strings.Replace(string(intro), "FIELDS\n", rows.String(), 1), *update)
}

// A line has room for all fields.
func TestFieldsFit(t *testing.T) {
	if len(fields) > maxFields-2 {
		t.Errorf("%d fields, and room for %d", len(fields), maxFields)
	}
}
