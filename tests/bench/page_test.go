package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPage(t *testing.T) {
	ratio := spread{Median: 0.5, Min: 0.25, Max: 0.75, Low: 0.5, High: 0.5}
	figures := []figure{{name: "f", title: "a figure"}, {name: "curve", title: "a curve"}}
	list := []result{
		{Figure: "f", Label: "CPU", Unit: "µs", Side: newer, Value: spread{Median: 10, Min: 5, Max: 15, Low: 10, High: 12}, To: sdk, ToValue: &spread{Median: 20}, Compared: &ratio, Goal: 1, row: &row{}},
		{Figure: "f", Label: "size", Unit: "MB", Side: newer, Value: spread{Median: 10, Min: 5, Max: 15, Low: 10, High: 12}, Goal: 11, AtLeast: true, row: &row{}},
	}
	for _, p := range []string{costPlot, latencyPlot, memoryPlot} {
		for x := 1.0; x <= 4; x *= 2 {
			list = append(list, result{Figure: "curve", Side: newer, Value: spread{Median: x}, row: &row{plot: p, series: newer, x: x}})
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "PAGE.md")
	begin, end := sectionMarks("bench")
	otherBegin, otherEnd := sectionMarks("bench-peers")
	other := otherBegin + "other\n" + otherEnd
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+other+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := machine{CPU: "AMD EPYC", Cores: 2, Go: "1.26", Envoy: "1.40.0", SDK: "v1", Load: "0.10"}
	if err := writePage(file, "bench", &m, figures, list); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + begin + `
Measured on 2 cores of an AMD EPYC, Go 1.26, Envoy 1.40.0, bedrockruntime v1; load average before the run: 0.10.

| | value | compared with | median (smallest to largest) | goal |
|---|---|---|---|---|
| **a figure** (` + "`f`" + `) | | | | |
| CPU | sidecar 10.0 µs | ÷ SDK 20.0 µs | 0.500 (0.250–0.750) | ≤ 1, met |
| size | sidecar 10.0 MB |  | 10.0 (5.00–15.0) | ≥ 11, unclear |

![CPU time of a small whole call](docs/plots/cost.svg)

![Time to the first byte of a small whole call](docs/plots/latency.svg)

![Memory of the sidecar with open streams](docs/plots/memory.svg)

` + end + other + "after\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	for _, c := range charts {
		svg, err := os.ReadFile(filepath.Join(dir, "docs", "plots", c.file+".svg"))
		if err != nil || strings.Count(string(svg), "<circle") != 3 {
			t.Errorf("%s: %v\n%s", c.file, err, svg)
		}
	}
	if err := os.WriteFile(file, []byte("no section\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writePage(file, "bench", &m, figures, list); err == nil {
		t.Error("a page without a section is written")
	}
}

func TestMachine(t *testing.T) {
	if got := envoyVersion("\nenvoy  version: 1a2b/1.40.0/Clean/RELEASE/BoringSSL\n"); got != "1.40.0" {
		t.Error(got)
	}
	if got := envoyVersion("something else"); got != "of an unknown version" {
		t.Error(got)
	}
}

// A target without plots writes none.
func TestPageWithoutPlots(t *testing.T) {
	begin, end := sectionMarks("bench-peers")
	file := filepath.Join(t.TempDir(), "PAGE.md")
	if err := os.WriteFile(file, []byte(begin+end), 0o600); err != nil {
		t.Fatal(err)
	}
	list := []result{{Figure: "f", Label: "CPU", Unit: "µs", Side: newer, Value: spread{Median: 10}, row: &row{}}}
	if err := writePage(file, "bench-peers", &machine{}, []figure{{name: "f"}}, list); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "| CPU |") || strings.Contains(string(text), "svg") {
		t.Errorf("%v\n%s", err, text)
	}
	if plots, err := filepath.Glob(filepath.Join(filepath.Dir(file), "docs", "plots", "*")); err != nil || len(plots) > 0 {
		t.Errorf("%v, %v", plots, err)
	}
}

// BENCHMARKS.md has the sections to write.
func TestBenchmarksPage(t *testing.T) {
	text, err := os.ReadFile("../../BENCHMARKS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"bench", "bench-peers"} {
		if _, err := replaceSection(string(text), target, ""); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}
