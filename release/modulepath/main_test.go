package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the folder of the checkout.
const root = "../.."

// copied copies the files of the checkout that are, or would be, in a commit.
func copied(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// goRun runs the go command in a folder of the copy.
func goRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %q in %s: %v\n%s", args, dir, err, out)
	}
	return strings.TrimSpace(string(out))
}

// After the change every module finds every import, also of its tests, and package envoy
// builds under its new path.
func TestChange(t *testing.T) {
	const path = "git.example.com/team/bedrock-extproc"
	dir := copied(t)
	if err := run([]string{dir, path}); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Glob(filepath.Join(dir, "tests/*/go.mod"))
	if err != nil || len(modules) < 5 {
		t.Fatalf("modules %q, %v", modules, err)
	}
	for _, module := range append(modules, filepath.Join(dir, "go.mod"), filepath.Join(dir, "release/go.mod")) {
		for name := range strings.FieldsSeq(goRun(t, filepath.Dir(module), "list", "-test", "-deps", "./...")) {
			if strings.HasPrefix(name, "bedrock-extproc") {
				t.Errorf("%s still uses %s", module, name)
			}
		}
	}
	goRun(t, dir, "build", path+"/envoy")
	rules, err := os.ReadFile(filepath.Join(dir, ".golangci.yml"))
	if err != nil || !bytes.Contains(rules, []byte("module-path: "+path)) || bytes.Contains(rules, []byte(" bedrock-extproc")) {
		t.Errorf("lint rules, %v:\n%s", err, rules)
	}
}

// Package envoy says that it cannot be downloaded as long as that is so.
func TestDownload(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "envoy/envoy.go"))
	if err != nil {
		t.Fatal(err)
	}
	path := goRun(t, root, "list", "-m")
	if says, hasHost := bytes.Contains(text, []byte("cannot be downloaded")), strings.Contains(path, "."); says == hasHost {
		t.Errorf("the module is %s, and the comment of package envoy in envoy/envoy.go says that it cannot be downloaded: %v", path, says)
	}
}

// A second change leads where a direct one leads, and a path that is none changes nothing.
func TestChangeAgain(t *testing.T) {
	direct, twice := copied(t), copied(t)
	for _, change := range [][]string{{direct, "git.example.com/a/one"}, {twice, "code.example.org/b/two"}, {twice, "git.example.com/a/one"}} {
		if err := run(change); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", "Bad Path", "https://git.example.com/a"} {
		if err := run([]string{twice, bad}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if out, err := exec.Command("diff", "-r", direct, twice).CombinedOutput(); err != nil {
		t.Errorf("%v\n%.2000s", err, out)
	}
}
