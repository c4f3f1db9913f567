package envoy

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestRepliesAreOnThePage: docs/errors.md lists Envoy's own errors as they are.
func TestRepliesAreOnThePage(t *testing.T) {
	page, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replies {
		row := fmt.Sprintf("| `%s` | %s | %s |\n", r.kind, map[bool]string{true: "yes", false: "no"}[r.retryable],
			strings.NewReplacer("%RESPONSE_CODE_DETAILS%", "*reason*", untilReset, "*n*").Replace(r.detail))
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/errors.md lacks %q: add it to translator/testdata/errors.md and run go generate ./translator", row)
		}
	}
}
