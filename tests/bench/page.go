package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bedrock-extproc/tests/bench/plot"
)

// sectionMarks are the lines between which a page has what a target of make has measured.
func sectionMarks(target string) (begin, end string) {
	mark := "<!-- written by make " + target + " UPDATE=1: "
	return mark + "begin -->\n", mark + "end -->\n"
}

// charts are the plots, by the names of their files. Their series come from the rows.
var charts = []struct {
	file  string
	chart plot.Chart
}{
	{costPlot, plot.Chart{Title: "CPU time of a small whole call", X: "calls at a time", Y: "µs of the process"}},
	{latencyPlot, plot.Chart{Title: "Time to the first byte of a small whole call", X: "calls per second", Y: "ms"}},
	{memoryPlot, plot.Chart{Title: "Memory of the sidecar with open streams", X: "open streams", Y: "resident MB"}},
}

// writePage writes a target's section of a page, and its plots into the folder docs/plots
// beside the page.
func writePage(file, target string, m *machine, chosen []figure, list []result) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	page, err := replaceSection(string(text), target, section(m, chosen, list))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	dir := filepath.Join(filepath.Dir(file), "docs", "plots")
	for _, c := range charts {
		if !plotted(c.file, list) {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, c.file+".svg"), []byte(drawn(c.file, c.chart, list)), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(file, []byte(page), 0o644)
}

var errNoSection = errors.New("the page has no section for what was measured")

func replaceSection(page, target, section string) (string, error) {
	begin, end := sectionMarks(target)
	before, rest, found := strings.Cut(page, begin)
	_, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		return "", errNoSection
	}
	return before + begin + section + end + after, nil
}

// section is a table of all figures without plots, and the plots.
func section(m *machine, chosen []figure, list []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured on %s.\n\n| | value | compared with | median (smallest to largest) | goal |\n|---|---|---|---|---|\n", m)
	for i := range chosen {
		titled := false
		for _, r := range list {
			if r.Figure != chosen[i].name || r.row.plot != "" {
				continue
			}
			if !titled {
				titled = true
				fmt.Fprintf(&b, "| **%s** (`%s`) | | | | |\n", chosen[i].title, chosen[i].name)
			}
			b.WriteString(r.line())
		}
	}
	for _, c := range charts {
		if plotted(c.file, list) {
			fmt.Fprintf(&b, "\n![%s](docs/plots/%s.svg)\n", c.chart.Title, c.file)
		}
	}
	return b.String() + "\n"
}

// plotted reports whether a plot has points.
func plotted(file string, list []result) bool {
	return slices.ContainsFunc(list, func(r result) bool { return r.row.plot == file })
}

// line is a row of the table.
func (r *result) line() string {
	return fmt.Sprintf("| %s | %s %s | %s | %s | %s |\n", r.Label, r.Side, number(r.Value.Median, r.Unit), r.with(), r.judged(), r.goalText())
}

// drawn is a chart of the results that name its file.
func drawn(file string, c plot.Chart, list []result) string {
	for _, r := range list {
		if r.row.plot != file {
			continue
		}
		point := plot.Point{X: r.row.x, Y: r.Value.Median, Min: r.Value.Min, Max: r.Value.Max}
		i := 0
		for i < len(c.Series) && c.Series[i].Name != r.row.series {
			i++
		}
		if i == len(c.Series) {
			c.Series = append(c.Series, plot.Series{Name: r.row.series})
		}
		c.Series[i].Points = append(c.Series[i].Points, point)
	}
	return c.SVG()
}
