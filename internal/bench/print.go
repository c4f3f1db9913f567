package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteText prints the report for people.
func (r *Report) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tcalls\tfailed\tfirst text p50\tp90\tp99\tmax\twhole answer p50\tp90\tp99\tmax\t")
	writeSide(table, "through Envoy", &r.Through)
	if r.Direct != nil {
		writeSide(table, "direct", r.Direct)
	}
	if r.Added != nil {
		fmt.Fprintf(table, "added\t\t\t%s%s\n", columns(r.Added.FirstText, "%+.2f ms\t"), columns(r.Added.Whole, "%+.2f ms\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	writeHistogram(w, "through Envoy", r.Through.Histogram)
	if r.Direct != nil {
		writeHistogram(w, "direct", r.Direct.Histogram)
	}
	if r.LateStart > lateStart {
		fmt.Fprintf(w, "\nA call started %.0f ms late: this machine is too busy, and the times above are too long.\n", float64(r.LateStart))
	}
	if r.WarmUpFailed > 0 {
		fmt.Fprintf(w, "\n%d calls of the warm-up failed.\n", r.WarmUpFailed)
	}
	errors := r.AllErrors()
	for _, text := range slices.Sorted(maps.Keys(errors)) {
		fmt.Fprintf(w, "\nfailed %d times: %s\n", errors[text], text)
	}
	return nil
}

// lateStart is the delay from which a start counts as late.
const lateStart = Milliseconds(20)

func writeSide(w io.Writer, name string, s *Side) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%s%s\n", name, s.Calls, s.Failed, columns(s.FirstText, "%.2f ms\t"), columns(s.Whole, "%.2f ms\t"))
}

func columns(p Percentiles, format string) string {
	return fmt.Sprintf(strings.Repeat(format, 4), float64(p.P50), float64(p.P90), float64(p.P99), float64(p.Max))
}

// barWidth is the length of the longest bar.
const barWidth = 50

func writeHistogram(w io.Writer, name string, buckets []Bucket) {
	most := 0
	for _, b := range buckets {
		most = max(most, b.Calls)
	}
	if most == 0 {
		return
	}
	fmt.Fprintf(w, "\nwhole answers, %s:\n", name)
	for _, b := range buckets {
		bar := strings.Repeat("█", (b.Calls*barWidth+most-1)/most)
		fmt.Fprintf(w, "  ≤ %9.2f ms %6d %s\n", float64(b.To), b.Calls, bar)
	}
}
