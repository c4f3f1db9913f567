package metrics

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

//go:generate go test . -run TestPage -update

var update = flag.Bool("update", false, "write docs/metrics.md again")

// TestPage compares docs/metrics.md with the table.
func TestPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, m := range All() {
		labels := make([]string, len(m.Labels))
		for i, l := range m.Labels {
			labels[i] = fmt.Sprintf("`%s`: %s", l.Name, l.Values)
		}
		name := "`" + m.Name + "`"
		if m.OTLP != "" {
			name += "<br>OTLP: `" + m.OTLP + "`"
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", name, m.Type, strings.Join(labels, "<br>"), m.Help)
	}
	want := strings.Replace(string(intro), "METRICS\n", rows.String(), 1)
	page.Check(t, "../../docs/metrics.md", want, *update)
}
