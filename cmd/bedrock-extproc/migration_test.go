package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/page"
)

// TestMigrations asks for the aliases of the configurations that pages of migration end
// with, and gets their models.
func TestMigrations(t *testing.T) {
	bedrocktest.Isolate(t)
	for name, alias := range map[string]string{"gateway": "fast", "litellm": "claude", "envoy-ai-gateway": "claude"} {
		file := configurationOf(t, name, -1)
		model := regexp.MustCompile(alias + `: (us\.[\w.:-]+)`).FindStringSubmatch(page.Read(t, file))
		if model == nil {
			t.Fatalf("%s: no alias %s", name, alias)
		}
		request := temporary(t, `{"model":"`+alias+`","messages":[{"role":"user","content":"hi"}]}`)
		code, out, problems := runProgram(t, "explain", "-api", "openai", "-config", file, request)
		if code != 0 || !strings.Contains(out, `"alias": "`+alias+`"`) || !strings.Contains(out, `"model_id": "`+model[1]+`"`) || !strings.Contains(out, `"warnings": []`) {
			t.Errorf("%s: exit code %d, %s%s", name, code, out, problems)
		}
	}
}

// TestGatewayFile checks that the gateway's own file is accepted with one warning, as its
// page says.
func TestGatewayFile(t *testing.T) {
	bedrocktest.Isolate(t)
	code, out, problems := runProgram(t, "validate", configurationOf(t, "gateway", 0))
	if text := out + problems; code != 0 || strings.Count(text, "warning:") != 1 || !strings.Contains(text, "ignored, because this program serves providers.llm only: logging, providers.memory") {
		t.Errorf("exit code %d, %s", code, text)
	}
}

// configurationOf writes a configuration of a page to a file: the first for 0, the last
// for -1.
func configurationOf(t *testing.T, name string, which int) string {
	t.Helper()
	var found []string
	for _, block := range page.Blocks(page.Read(t, filepath.Join("../../docs/migration", name+".md"))) {
		if strings.Contains("\n"+block.Text, "\nproviders:") && !strings.HasPrefix(block.Text, "# not for") {
			found = append(found, block.Text)
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no configuration", name)
	}
	return temporary(t, found[(which+len(found))%len(found)])
}

func temporary(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
