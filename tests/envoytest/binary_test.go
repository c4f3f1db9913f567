package envoytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tools are the system programs that envoy.sh uses, except Python.
var tools = []string{"bash", "cat", "chmod", "dirname", "head", "mkdir", "mktemp", "mv", "rm", "sed", "sort"}

const fakeVersion = "#!/usr/bin/env bash\necho 'envoy  version: 0a1b2c/%/Clean/RELEASE/BoringSSL'\n"

// fakePython creates a virtual environment with a pip that succeeds and a package
// whose program is the file "fetched" in the environment.
const fakePython = `#!/usr/bin/env bash
mkdir -p "$3/bin"
printf '#!/usr/bin/env bash\n' > "$3/bin/pip"
printf '#!/usr/bin/env bash\necho %s\n' "$3/fetched" > "$3/bin/python"
printf '#!/usr/bin/env bash\necho "envoy  version: 0/1.40.0/Clean"\n' > "$3/fetched"
chmod +x "$3/bin/pip" "$3/bin/python" "$3/fetched"
`

// checkout is a copy of envoy.sh in an empty repository on a minimal system.
type checkout struct{ root, path string }

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	c := &checkout{root: t.TempDir(), path: t.TempDir()}
	script, err := os.ReadFile("envoy.sh")
	if err != nil {
		t.Fatal(err)
	}
	c.write(t, filepath.Join(c.root, "tests", "envoytest", "envoy.sh"), string(script))
	c.write(t, filepath.Join(c.root, ".envoy-version"), "1.40.0\n")
	for _, tool := range tools {
		found, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(found, filepath.Join(c.path, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *checkout) write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// run runs the script. It returns its standard output and standard error.
func (c *checkout) run(t *testing.T, env ...string) (path, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(c.root, "tests", "envoytest", "envoy.sh"))
	cmd.Env = append([]string{"PATH=" + c.path}, env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if (err == nil) != (len(out) > 0) {
		t.Errorf("printed %q and exited with %v", out, err)
	}
	return strings.TrimSpace(string(out)), errs.String()
}

func TestEnvoyOnPath(t *testing.T) {
	for version, want := range map[string]bool{"1.36.9": false, "1.37.0": true, "1.100.0": true, "2.0.0": true} {
		c := newCheckout(t)
		onPath := filepath.Join(c.path, "envoy")
		c.write(t, onPath, strings.Replace(fakeVersion, "%", version, 1))
		if got, _ := c.run(t); (got == onPath) != want {
			t.Errorf("%s: got %q", version, got)
		}
	}
}

func TestEnvoyByVariable(t *testing.T) {
	c := newCheckout(t)
	old, current := filepath.Join(c.root, "old"), filepath.Join(c.root, "current")
	c.write(t, old, strings.Replace(fakeVersion, "%", "1.36.9", 1))
	c.write(t, current, strings.Replace(fakeVersion, "%", "1.39.0", 1))
	if got, _ := c.run(t, "ENVOY_BIN="+current); got != current {
		t.Errorf("got %q", got)
	}
	if got, stderr := c.run(t, "ENVOY_BIN="+old); got != "" || !strings.Contains(stderr, "1.37 or newer") {
		t.Errorf("got %q, stderr %q", got, stderr)
	}
}

func TestNoPython(t *testing.T) {
	got, stderr := newCheckout(t).run(t)
	if got != "" || !strings.Contains(stderr, "install Python 3") || !strings.Contains(stderr, "envoy 1.37 or newer on PATH") {
		t.Errorf("got %q, stderr %q", got, stderr)
	}
}

func TestNoVenv(t *testing.T) {
	c := newCheckout(t)
	c.write(t, filepath.Join(c.path, "python3"), "#!/usr/bin/env bash\nexit 1\n")
	if got, stderr := c.run(t); got != "" || !strings.Contains(stderr, "python3-venv") {
		t.Errorf("got %q, stderr %q", got, stderr)
	}
}

// TestInstall installs once, and again for another version.
func TestInstall(t *testing.T) {
	c := newCheckout(t)
	c.write(t, filepath.Join(c.path, "python3"), fakePython)
	installed := filepath.Join(c.root, ".envoy", "envoy")
	for _, step := range []struct {
		name   string
		before func()
		want   bool
	}{
		{"none there", func() {}, true},
		{"there", func() {}, false},
		{"another version there", func() { c.write(t, installed, strings.Replace(fakeVersion, "%", "1.39.0", 1)) }, true},
	} {
		step.before()
		got, stderr := c.run(t)
		if got != installed || strings.Contains(stderr, "installing") != step.want {
			t.Errorf("%s: got %q, stderr %q", step.name, got, stderr)
		}
	}
	left, err := os.ReadDir(filepath.Dir(installed))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// A platform without a wheel is told which platforms have one.
func TestNoWheel(t *testing.T) {
	c := newCheckout(t)
	c.write(t, filepath.Join(c.path, "python3"), strings.Replace(fakePython, `#!/usr/bin/env bash\n' > "$3/bin/pip"`, `#!/usr/bin/env bash\nexit 1\n' > "$3/bin/pip"`, 1))
	path, stderr := c.run(t)
	if path != "" || !strings.Contains(stderr, "glibc 2.31") || !strings.Contains(stderr, "macOS 15") {
		t.Errorf("printed %q and %q", path, stderr)
	}
}
