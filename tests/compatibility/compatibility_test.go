package compatibility

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"bedrock-extproc/tests/page"
)

var update = flag.Bool("update", false, "write docs/compatibility.md")

const root = "../.."

// TestPage compares docs/compatibility.md with its template, filled in.
func TestPage(t *testing.T) {
	text := read(t, "tests/compatibility/testdata/compatibility.md")
	filled, err := template.New("").Funcs(template.FuncMap{
		"envoy":   func() string { return strings.TrimSpace(read(t, ".envoy-version")) },
		"minimum": func(host string) (string, error) { return minimum(read(t, "docs/hosts.md"), host) },
		"version": func(module, path string) (string, error) {
			return version(read(t, filepath.Join(module, "go.mod")), path)
		},
		"goversion": func(module string) (string, error) { return version(read(t, filepath.Join(module, "go.mod")), "go") },
		"clients":   func() (int, error) { return clients(read(t, "docs/clients.md")) },
	}).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if err := filled.Execute(&want, nil); err != nil {
		t.Fatal(err)
	}
	page.Check(t, filepath.Join(root, "docs/compatibility.md"), want.String(), *update)
}

// The older Envoy on the page is the one that CI runs.
func TestOlderEnvoy(t *testing.T) {
	match := regexp.MustCompile(`ENVOY_VERSION=(\S+)`).FindStringSubmatch(read(t, ".ci/run"))
	if match == nil || !strings.Contains(read(t, "docs/compatibility.md"), match[1]+" in `make e2e`") {
		t.Errorf("docs/compatibility.md has another Envoy than .ci/run: %q", match)
	}
}

// The page names each host of docs/hosts.md.
func TestEveryHost(t *testing.T) {
	page := read(t, "docs/compatibility.md")
	hosts := rows(read(t, "docs/hosts.md"), "| host |")
	if len(hosts) < 5 {
		t.Fatalf("hosts %q", hosts)
	}
	for _, host := range hosts {
		if !strings.Contains(page, "\n| "+host[0]+" | ") {
			t.Errorf("tests/compatibility/testdata/compatibility.md has no row for %s", host[0])
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// version is that of a required module in a go.mod, or of "go".
func version(gomod, path string) (string, error) {
	match := regexp.MustCompile(`(?m)^(?:require )?\s*` + regexp.QuoteMeta(path) + ` (\S+)`).FindStringSubmatch(gomod)
	if match == nil {
		return "", fmt.Errorf("no version of %s", path)
	}
	return match[1], nil
}

// minimum is the minimum version of a host in docs/hosts.md.
func minimum(hosts, host string) (string, error) {
	for _, row := range rows(hosts, "| host |") {
		if row[0] == host {
			return row[1], nil
		}
	}
	return "", fmt.Errorf("docs/hosts.md has no row for %s", host)
}

// clients counts the names of the first column in docs/clients.md, each once.
func clients(text string) (int, error) {
	names := map[string]bool{}
	for _, row := range rows(text, "| client | version |") {
		names[row[0]] = true
	}
	if len(names) == 0 {
		return 0, errors.New("docs/clients.md has no table of clients")
	}
	return len(names), nil
}

// rows are the cells of a table that begins with this header.
func rows(text, header string) [][]string {
	_, table, _ := strings.Cut(text, header)
	table, _, _ = strings.Cut(table, "\n\n")
	table, _, _ = strings.Cut(table, "\n<!--")
	var all [][]string
	for line := range strings.SplitSeq(table, "\n") {
		if cells := strings.Split(strings.Trim(line, "| "), " | "); len(cells) > 2 && !strings.HasPrefix(line, "|---") {
			all = append(all, cells)
		}
	}
	return all[min(1, len(all)):] // without the rest of the header
}
