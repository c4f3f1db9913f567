package main

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/gateway"
	"bedrock-extproc/internal/metrics"
	"bedrock-extproc/internal/telemetry"
	"bedrock-extproc/translator"
)

// The table of metrics lists what the parts of a sidecar register, with the same types
// and labels, and nothing else.
func TestMetricsAreInTheTable(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	registry := prometheus.NewPedanticRegistry()
	recorder, err := telemetry.NewRecorder(zap.NewNop(), registry, func() int { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	recorder.Observe(extproc.Outcome{Model: "m", FirstByte: time.Second, Summary: translator.Summary{UsageKnown: true}})
	limits := func() []extproc.LimitUse { return []extproc.LimitUse{{Limit: extproc.LimitCalls, Max: 1}} }
	if err := telemetry.RegisterLimits(registry, limits); err != nil {
		t.Fatal(err)
	}
	lines := telemetry.NewLogWriter(io.Discard)
	defer lines.Close()
	if err := lines.Register(registry); err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.NewReloader(t.Context(), "", gateway.Options{}, registry, func(string) {}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range metrics.All() {
		row := m.Name + " " + m.Type
		labels := slices.SortedFunc(slices.Values(m.Labels), func(a, b metrics.Label) int { return strings.Compare(a.Name, b.Name) })
		for _, l := range labels {
			row += " " + l.Name
		}
		want = append(want, row)
	}
	for _, f := range families {
		row := f.GetName() + " " + strings.ToLower(f.GetType().String())
		for _, l := range f.GetMetric()[0].GetLabel() {
			row += " " + l.GetName()
		}
		got = append(got, row)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-table +registered):\n%s", diff)
	}
}
