package main

import "strings"

// The sides of telemetry.
const (
	everything = "all telemetry"
	aTenth     = "a tenth traced"
	errorsOnly = "errors only"
)

// telemetry is what it costs to log each call and to trace all or a tenth of them, beside a
// sidecar that logs errors only. All count metrics.
func telemetry(name, title string, l load) figure {
	return figure{
		name: name, rounds: 15, title: title,
		sides: func(s *stack) ([]side, error) { return s.observed(l) },
		rows: []row{
			{label: "CPU per call", value: cpuPerCall, unit: "µs", of: everything, to: errorsOnly},
			{label: "CPU per call", value: cpuPerCall, unit: "µs", of: aTenth, to: errorsOnly, goal: 1.05},
		},
	}
}

func (s *stack) observed(l load) ([]side, error) {
	r, err := s.recorded(l.Shape)
	if err != nil {
		return nil, err
	}
	on, err := s.traced(everything)
	if err != nil {
		return nil, err
	}
	part, err := s.traced(aTenth, "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1")
	if err != nil {
		return nil, err
	}
	off, err := s.once(errorsOnly, func() (*path, error) {
		return s.newSidecar("telemetry-off", s.versions[0].program, nil, "-log-level", "error")
	})
	if err != nil {
		return nil, err
	}
	return []side{s.calls(everything, on, r, l), s.calls(aTenth, part, r, l), s.calls(errorsOnly, off, r, l)}, nil
}

// traced is the path through a sidecar that exports to the collector. With the default queue,
// the exporter would drop spans, which costs nothing.
func (s *stack) traced(name string, env ...string) (*path, error) {
	return s.once(name, func() (*path, error) {
		collector, err := s.collectorURL()
		if err != nil {
			return nil, err
		}
		env := append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector, "OTEL_BSP_MAX_QUEUE_SIZE=20000"}, env...)
		return s.newSidecar(strings.ReplaceAll(name, " ", "-"), s.versions[0].program, env)
	})
}
