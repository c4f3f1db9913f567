package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// printFigure prints a figure for people.
func printFigure(w io.Writer, f *figure, list []result) error {
	fmt.Fprintf(w, "%s: %s, %d rounds\n", f.name, f.title, f.rounds)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range list {
		fmt.Fprintf(table, "  %s\t%s %s\t%s\t%s\t%s\t%s\n", r.Label, r.Side, number(r.Value.Median, r.Unit), r.with(), r.judged(), strings.Replace(r.goalText(), "missed", "MISSED", 1), r.change())
	}
	return table.Flush()
}

// with names the other side and its value, after the sign of the comparison.
func (r *result) with() string {
	if r.Compared == nil {
		return ""
	}
	sign := "÷"
	if r.Minus {
		sign = "−"
	}
	return fmt.Sprintf("%s %s %s", sign, r.To, number(r.ToValue.Median, r.Unit))
}

// goalText is the goal and the verdict on it.
func (r *result) goalText() string {
	if r.Goal == 0 {
		return ""
	}
	sign := "≤"
	if r.AtLeast {
		sign = "≥"
	}
	return fmt.Sprintf("%s %v, %s", sign, r.Goal, r.verdict())
}

// change compares the sidecar with the older one.
func (r *result) change() string {
	if r.NewToOld == nil {
		return ""
	}
	return "new ÷ old " + r.NewToOld.String()
}

// String is the median and, in brackets, the range.
func (s spread) String() string {
	return fmt.Sprintf("%s (%s–%s)", number(s.Median, ""), number(s.Min, ""), number(s.Max, ""))
}

// number prints three significant digits, and all of those before the point.
func number(v float64, unit string) string {
	if v >= 10_000 {
		return strings.TrimSpace(sized(int(math.Round(v))) + " " + unit)
	}
	digits := 0
	if v != 0 {
		digits = max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	}
	text := strconv.FormatFloat(v, 'f', min(digits, 4), 64)
	if unit != "" {
		text += " " + unit
	}
	return text
}
