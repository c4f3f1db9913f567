package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

var (
	kindRow  = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d{3}) \\|")
	envoyRow = regexp.MustCompile("(?m)^\\| (`envoy_\\w+`(?:, `envoy_\\w+`)*) \\| ([\\d, ]+) \\|")
	withKind = regexp.MustCompile("\\b([45]\\d\\d) `(\\w+)`")
)

// A status and a kind that stand together on a page belong together. The pages of other
// APIs, which have statuses of their own, are left out.
func TestErrorKinds(t *testing.T) {
	statuses := map[string]string{"model_not_found": "404", "not_found_error": "404"} // of OpenAI's and Anthropic's APIs
	for _, row := range kindRow.FindAllStringSubmatch(page.Read(t, "../../docs/errors.md"), -1) {
		statuses[row[1]] = row[2]
	}
	for _, row := range envoyRow.FindAllStringSubmatch(page.Read(t, "../../examples/envoy/README.md"), -1) {
		kinds, codes := strings.Split(row[1], ", "), strings.Split(row[2], ", ")
		for i, kind := range kinds {
			statuses[strings.Trim(kind, "`")] += codes[min(i, len(codes)-1)]
		}
	}
	if len(statuses) < 40 {
		t.Errorf("only these kinds: %v", statuses)
	}
	found := 0
	for _, file := range page.All(t, root) {
		switch filepath.Base(file) {
		case "bedrock-api.md", "openai.md", "openai-responses.md", "anthropic.md", "CHANGELOG.md":
			continue
		}
		for _, match := range withKind.FindAllStringSubmatch(page.Read(t, file), -1) {
			found++
			if want, known := statuses[match[2]]; !known || !strings.Contains(want, match[1]) {
				t.Errorf("%s: %s, which has the status %q", file, match[0], want)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d errors on all pages", found)
	}
}
