package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine is where and with what was measured.
type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
	Envoy string `json:"envoy"`
	SDK   string `json:"sdk"`
	// Load are the processes that ran or waited for a CPU before the first figure, on average
	// over the minute before: those of others.
	Load string `json:"load"`
}

func thisMachine(ctx context.Context, proxy string) (machine, error) {
	m := machine{CPU: cpuModel(), Cores: runtime.NumCPU(), Go: strings.TrimPrefix(runtime.Version(), "go"), SDK: moduleVersion("github.com/aws/aws-sdk-go-v2/service/bedrockruntime")}
	text, err := exec.CommandContext(ctx, proxy, "--version").Output()
	if err != nil {
		return m, fmt.Errorf("%s --version: %w", proxy, err)
	}
	m.Envoy = envoyVersion(string(text))
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return m, err
	}
	m.Load, _, _ = strings.Cut(string(load), " ")
	return m, nil
}

// envoyVersion finds 1.40.0 in "envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL".
func envoyVersion(text string) string {
	found := regexp.MustCompile(`version: [^/]*/([\d.]+)`).FindStringSubmatch(text)
	if found == nil {
		return "of an unknown version"
	}
	return found[1]
}

// cpuModel is the name of the processor, or its architecture.
func cpuModel() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// moduleVersion is the version of a module in this program.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range info.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return ""
}

func (m *machine) String() string {
	return fmt.Sprintf("%d cores of an %s, Go %s, Envoy %s, bedrockruntime %s; load average before the run: %s", m.Cores, m.CPU, m.Go, m.Envoy, m.SDK, m.Load)
}
