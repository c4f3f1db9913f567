package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/gateway"
	"bedrock-extproc/tests/page"
)

const readme = "../../README.md"

// section returns the text below a heading of the README, up to the next one.
func section(t *testing.T, name string) string {
	t.Helper()
	_, text, found := strings.Cut(page.Read(t, readme), "\n## "+name+"\n")
	if !found {
		t.Fatalf("the README has no section %q", name)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// A screen of 25 lines shows how to run it, a call and its answer.
func TestFirstScreen(t *testing.T) {
	blocks := page.Blocks(page.Read(t, readme))
	if blocks[0].Text != "make run\n" || !strings.HasPrefix(blocks[1].Text, "curl ") || blocks[2].Lang != "json" {
		t.Errorf("the README begins with %+v", blocks[:3])
	}
	if last := blocks[2].Line + strings.Count(blocks[2].Text, "\n") + 1; last > 25 {
		t.Errorf("the answer ends at line %d", last)
	}
}

var ownPath = regexp.MustCompile(`^/(?:v1|api/v1|model)/`)

// The table of APIs has every path of a call. Other spellings, such as those below
// /openai, are on the API's page.
func TestEndpoints(t *testing.T) {
	dialects, err := gateway.Dialects(config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	table := section(t, "APIs")
	for _, d := range dialects {
		for _, route := range d.Routes() {
			path := strings.ReplaceAll(route.Pattern, "{model}", "{modelId}")
			if ownPath.MatchString(path) && !strings.Contains(table, "`"+route.Method+" "+path+"`") {
				t.Errorf("%s: no %s %s", d.Name(), route.Method, path)
			}
		}
	}
}

var (
	measurement = regexp.MustCompile(`(?m)^- \*\*.*\]\(([^)#]+)#[^)]*\)\)\.$`)
	figure      = regexp.MustCompile(`\d[\d,.]*\d|\d`)
)

// Every number that the README calls measured is on the page to which it links.
func TestMeasurements(t *testing.T) {
	found := measurement.FindAllStringSubmatch(section(t, "What is measured"), -1)
	if len(found) < 3 {
		t.Errorf("only %d measurements", len(found))
	}
	for _, line := range found {
		source := page.Read(t, filepath.Join(root, line[1]))
		for _, number := range figure.FindAllString(line[0], -1) {
			if !strings.Contains(source, number) {
				t.Errorf("%s is not in %s: %s", number, line[1], line[0])
			}
		}
	}
}
