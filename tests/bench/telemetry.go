package main

// The sides of telemetry.
const (
	everything = "all telemetry"
	errorsOnly = "errors only"
)

// telemetry is what it costs to log and to trace each call, beside a sidecar that logs errors
// only. Both count metrics.
func telemetry(name, title string, l load) figure {
	return figure{
		name: name, rounds: 15, title: title,
		sides: func(s *stack) ([]side, error) { return s.observed(l) },
		rows:  []row{{label: "CPU per call", value: cpuPerCall, unit: "µs", of: everything, to: errorsOnly}},
	}
}

func (s *stack) observed(l load) ([]side, error) {
	r, err := s.recorded(l.Shape)
	if err != nil {
		return nil, err
	}
	on, err := s.once(everything, func() (*path, error) {
		collector, err := s.collectorURL()
		if err != nil {
			return nil, err
		}
		// With the default, the exporter would drop spans, which costs nothing.
		return s.newSidecar("telemetry-on", s.versions[0].program, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector, "OTEL_BSP_MAX_QUEUE_SIZE=20000"})
	})
	if err != nil {
		return nil, err
	}
	off, err := s.once(errorsOnly, func() (*path, error) {
		return s.newSidecar("telemetry-off", s.versions[0].program, nil, "-log-level", "error")
	})
	if err != nil {
		return nil, err
	}
	return []side{s.calls(everything, on, r, l), s.calls(errorsOnly, off, r, l)}, nil
}
