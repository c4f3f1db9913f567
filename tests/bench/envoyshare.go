package main

import (
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"bedrock-extproc/tests/bench/canned"
)

// shipped is the side of Envoy's configuration as "envoy-config" prints it.
const shipped = "as shipped"

// variants of Envoy's configuration, each with one part less or another one.
var variants = []struct {
	name string
	edit edit
}{
	{"no access log", editManager(func(m *hcmv3.HttpConnectionManager) error { m.AccessLog = nil; return nil })},
	{"no local-reply mapping", editManager(func(m *hcmv3.HttpConnectionManager) error { m.LocalReplyConfig = nil; return nil })},
	{"no attributes", editFilter(func(f *extprocv3.ExternalProcessor) { f.RequestAttributes = nil })},
	{"body mode BUFFERED", editFilter(func(f *extprocv3.ExternalProcessor) {
		f.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_BUFFERED
		f.ProcessingMode.RequestTrailerMode = extprocv3.ProcessingMode_SKIP
	})},
}

// envoyShare is what parts of Envoy's configuration cost Envoy, in front of the hop.
func envoyShare() figure {
	l := load{Conns: 32, Calls: 800}
	f := figure{
		name: "envoy", rounds: 9, title: "Envoy's own cost of small whole calls, 32 at a time, in front of the hop",
		sides: func(s *stack) ([]side, error) { return s.envoys(l) },
		rows:  []row{{label: "CPU of Envoy per call", value: envoyPerCall, unit: "µs", of: shipped}},
	}
	for _, v := range variants {
		f.rows = append(f.rows, row{label: "CPU of Envoy per call", value: envoyPerCall, unit: "µs", of: v.name, to: shipped})
	}
	return f
}

func (s *stack) envoys(l load) ([]side, error) {
	r, err := s.recorded(canned.Shape{})
	if err != nil {
		return nil, err
	}
	p, err := s.hop()
	if err != nil {
		return nil, err
	}
	list := []side{s.calls(shipped, p, r, l)}
	for _, v := range variants {
		other, err := s.newPath(v.name, p.behind, s.socket("hop"), v.edit)
		if err != nil {
			return nil, err
		}
		list = append(list, s.calls(v.name, other, r, l))
	}
	return list, nil
}
