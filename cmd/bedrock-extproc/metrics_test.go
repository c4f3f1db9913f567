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
	recorder, err := telemetry.NewRecorder(zap.NewNop(), registry, nil)
	if err != nil {
		t.Fatal(err)
	}
	recorder.Observe(eventful())
	unknown := eventful()
	unknown.Summary.UsageKnown = false
	recorder.Observe(unknown)
	if err := telemetry.RegisterState(registry, state{}); err != nil {
		t.Fatal(err)
	}
	build := metrics.BuildInfo.GaugeVec()
	build.WithLabelValues("dev")
	registry.MustRegister(build)
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

// eventful is a call that every metric of calls counts.
func eventful() extproc.Outcome {
	return extproc.Outcome{
		API: "gateway", Model: "m", ModelLabel: "m", FirstByte: time.Second, FirstToken: time.Second, LastToken: 2 * time.Second, KeepAlives: 1,
		Facts:   translator.Facts{Backend: "b", Asked: "a", Price: translator.Price{Currency: "USD"}, Trail: []translator.Attempt{{Backend: "a", Sent: true, CoolDown: time.Second}, {Backend: "b", Sent: true}}},
		Summary: translator.Summary{UsageKnown: true, OutputTokens: 2, Warnings: []translator.Warning{{Code: "c"}}},
	}
}

// state is what a server holds.
type state struct{}

func (state) InFlight() int    { return 0 }
func (state) OpenStreams() int { return 0 }
func (state) Limits() []extproc.LimitUse {
	return []extproc.LimitUse{{Limit: extproc.LimitCalls, Max: 1}}
}
