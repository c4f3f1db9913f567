package envoytest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// Binary returns the path of Envoy: $ENVOY_BIN, or the one that envoy.sh finds or
// installs. Without an Envoy it fails the test with instructions.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("ENVOY_BIN"); path != "" {
		return path
	}
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(file), "envoy.sh"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no Envoy: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// "envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL"
var versionLine = regexp.MustCompile(`version: [^/]*/(\d+)\.(\d+)\.`)

// AtLeast reports whether Binary is Envoy 1.minor or newer.
func AtLeast(t testing.TB, minor int) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), Binary(t), "--version").Output()
	if err != nil {
		t.Fatalf("version of Envoy: %v", err)
	}
	found := versionLine.FindSubmatch(out)
	if found == nil {
		t.Fatalf("version of Envoy: cannot read %q", out)
	}
	var major, has int
	if _, err := fmt.Sscan(string(found[1])+" "+string(found[2]), &major, &has); err != nil {
		t.Fatalf("version of Envoy: %v", err)
	}
	return major > 1 || has >= minor
}

// Validate returns an error if Envoy rejects the YAML configuration.
func Validate(t testing.TB, config []byte) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), Binary(t), "--mode", "validate", "-c", file, "--log-level", "warn").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
