package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/page"
)

const folder = "../../../examples/envoy"

func TestExamplesAreNotStale(t *testing.T) {
	all, err := files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		page.Check(t, filepath.Join(folder, name), string(want), false)
	}
}

func TestEnvoyAcceptsTheExamples(t *testing.T) {
	keys := t.TempDir()
	if out, err := exec.Command("go", "run", folder+"/issuer", "-keys", keys).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all, err := files()
	if err != nil {
		t.Fatal(err)
	}
	for name, config := range all {
		if name == "snippet.yaml" { // the other files contain its parts
			continue
		}
		config = bytes.ReplaceAll(config, []byte("filename: keys/"), []byte("filename: "+keys+"/"))
		if err := envoytest.Validate(t, config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The check itself can fail.
	if err := envoytest.Validate(t, []byte("static_resources: {listeners: [{nonsense: 1}]}")); err == nil {
		t.Error("Envoy accepts an invalid configuration")
	}
}

// TestReadmeListsEnvoysAnswers compares the README's table with the snippet.
func TestReadmeListsEnvoysAnswers(t *testing.T) {
	snippet, err := os.ReadFile(filepath.Join(folder, "snippet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, found := range regexp.MustCompile(`type: (envoy_\w+)`).FindAllSubmatch(snippet, -1) {
		kinds[string(found[1])] = true
	}
	listed := map[string]bool{}
	for _, found := range regexp.MustCompile("`(envoy_\\w+)`").FindAllSubmatch(readme, -1) {
		listed[string(found[1])] = true
	}
	if diff := cmp.Diff(kinds, listed); diff != "" || len(kinds) == 0 {
		t.Errorf("(-configured +in the README):\n%s", diff)
	}
}
