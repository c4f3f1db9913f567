package doctor

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

var update = flag.Bool("update", false, "regenerate docs/doctor.md")

const pageFile = "../../docs/doctor.md"

// TestPage compares docs/doctor.md with the checks.
func TestPage(t *testing.T) {
	want := pageText(t)
	page.Check(t, pageFile, string(want), *update)
}

func pageText(t *testing.T) []byte {
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
