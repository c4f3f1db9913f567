package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
)

// print prints a figure for people.
func print(w io.Writer, f *figure, list []result) error {
	fmt.Fprintf(w, "%s: %s, %d rounds\n", f.name, f.title, f.rounds)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range list {
		fmt.Fprintf(table, "  %s\t%s %s\t%s\t%s\t%s\n", r.Label, r.Side, number(r.Value.Median, r.Unit), r.comparison(), r.verdict(), r.change())
	}
	return table.Flush()
}

// comparison is the other side and how the two compare.
func (r *result) comparison() string {
	if r.Compared == nil {
		return r.Value.around("")
	}
	sign := "÷"
	if r.Minus {
		sign = "−"
	}
	return fmt.Sprintf("%s %s %s = %s", sign, r.To, number(r.ToValue.Median, r.Unit), r.Compared.around("%.2f"))
}

func (r *result) verdict() string {
	if r.Goal == 0 {
		return ""
	}
	sign, verdict := "≤", "met"
	if r.AtLeast {
		sign = "≥"
	}
	if r.missed() {
		verdict = "MISSED"
	}
	return fmt.Sprintf("goal %s %v %s", sign, r.Goal, verdict)
}

// change compares the sidecar with the older one.
func (r *result) change() string {
	if r.NewToOld == nil {
		return ""
	}
	return "new ÷ old " + r.NewToOld.around("%.3f")
}

// around prints the median and, in brackets, the range. "" stands for the format of number.
func (s spread) around(format string) string {
	text := func(v float64) string {
		if format == "" {
			return number(v, "")
		}
		return fmt.Sprintf(format, v)
	}
	return fmt.Sprintf("%s (%s–%s)", text(s.Median), text(s.Min), text(s.Max))
}

// number prints three significant digits, and all of those before the point.
func number(v float64, unit string) string {
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
