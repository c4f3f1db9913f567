package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/internal/gateway"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/page"
)

var providers = regexp.MustCompile(`(?m)^(providers|bedrock_extproc|allow_server_credentials):`)

// foreign marks a block that is another program's configuration, on its first line.
const foreign = "# not for bedrock-extproc"

// Every configuration of the sidecar on a page can be served.
func TestConfigurations(t *testing.T) {
	bedrocktest.Isolate(t)
	loaded := 0
	for _, file := range page.All(t, root) {
		for _, block := range page.Blocks(page.Read(t, file)) {
			if block.Lang != "yaml" || !providers.MatchString(block.Text) || strings.HasPrefix(block.Text, foreign) {
				continue
			}
			loaded++
			config := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(config, []byte(block.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := gateway.Load(t.Context(), config, gateway.Options{}); err != nil {
				t.Errorf("%s:%d: %v", file, block.Line, err)
			}
		}
	}
	if loaded < 10 {
		t.Errorf("only %d configurations", loaded)
	}
}

// The quick start shows the policy of the Kubernetes example.
func TestPolicy(t *testing.T) {
	policy := page.Read(t, "../../examples/kubernetes/iam/permissions.json")
	if !slices.ContainsFunc(page.Blocks(page.Read(t, "../../docs/quickstart.md")), func(b page.Block) bool { return b.Text == policy }) {
		t.Error("docs/quickstart.md does not show examples/kubernetes/iam/permissions.json as it is")
	}
}

var (
	participant = regexp.MustCompile(`^(?:participant|actor) (\w+)(?: as .+)?$`)
	message     = regexp.MustCompile(`^(\w+)-?->>[+-]?(\w+): \S`)
	note        = regexp.MustCompile(`^Note (?:left of|right of|over) (\w+)(?:,(\w+))?: \S`)
	part        = regexp.MustCompile(`^(?:(?:alt|else|opt|loop|par|and|rect) \S.*|end|autonumber)$`)
)

// Diagrams are sequences whose lines mermaid accepts, between participants that are declared.
func TestDiagrams(t *testing.T) {
	drawn := 0
	for _, file := range page.All(t, root) {
		for _, block := range page.Blocks(page.Read(t, file)) {
			if block.Lang == "mermaid" {
				drawn++
				checkSequence(t, file, block)
			}
		}
	}
	if drawn == 0 {
		t.Error("no diagrams")
	}
}

func checkSequence(t *testing.T, file string, block page.Block) {
	t.Helper()
	declared := map[string]bool{"": true}
	for i, line := range strings.Split(strings.TrimSpace(block.Text), "\n") {
		line = strings.TrimSpace(line)
		var names []string
		switch {
		case i == 0:
			if line != "sequenceDiagram" {
				t.Errorf("%s:%d: not a sequenceDiagram", file, block.Line)
			}
			continue
		case participant.MatchString(line):
			declared[participant.FindStringSubmatch(line)[1]] = true
		case message.MatchString(line):
			names = message.FindStringSubmatch(line)[1:]
		case note.MatchString(line):
			names = note.FindStringSubmatch(line)[1:]
		case !part.MatchString(line):
			t.Errorf("%s:%d: line %d of the diagram: %q", file, block.Line, i+1, line)
		}
		for _, name := range names {
			if !declared[name] {
				t.Errorf("%s:%d: no participant %s", file, block.Line, name)
			}
		}
		if strings.ContainsAny(line, ";#") {
			t.Errorf("%s:%d: mermaid ends a line at ; and #: %q", file, block.Line, line)
		}
	}
}
