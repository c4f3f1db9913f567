package converse

import (
	"strings"
	"testing"

	"bedrock-extproc/translator"
)

// A header with the codes of many warnings stays short enough to be sent.
func TestWarningsHeaderIsBounded(t *testing.T) {
	var warnings []translator.Warning
	for i := range 100 {
		warnings = append(warnings, translator.Warning{Code: "code_" + strings.Repeat("x", i%50)})
	}
	if got := WarningsHeader(warnings).Value; len(got) > 512 || !strings.HasSuffix(got, ", ...") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	if got := WarningsHeader([]translator.Warning{{Code: "a"}, {Code: "b"}, {Code: "a"}}).Value; got != "a, b" {
		t.Errorf("%s", got)
	}
}
