package doctor

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "regenerate docs/doctor.md")

const pageFile = "../../docs/doctor.md"

// TestPage compares docs/doctor.md with the checks.
func TestPage(t *testing.T) {
	want := page(t)
	if *update {
		if err := os.WriteFile(pageFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale, run go generate ./internal/doctor (-want +got):\n%s", pageFile, diff)
	}
}

func page(t *testing.T) []byte {
	t.Helper()
	intro, err := os.ReadFile("testdata/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBuffer(intro)
	fmt.Fprint(out, "| check | severity | problem | fix |\n|---|---|---|---|\n")
	for _, c := range checks() {
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", c.id, c.severity, strings.ReplaceAll(c.finds, "|", `\|`), strings.ReplaceAll(c.fix, "|", `\|`))
	}
	return out.Bytes()
}

// Programs rely on the ids of checks.
func TestChecksHaveIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks() {
		if c.id == "" || c.finds == "" || c.fix == "" || seen[c.id] {
			t.Errorf("%q lacks a unique id, finds or fix", c.id)
		}
		seen[c.id] = true
	}
}
