package otlp

import (
	"fmt"
	"slices"
	"strings"
)

// The protocols of OTEL_EXPORTER_OTLP_PROTOCOL that are supported.
const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// settings look up variables of the environment.
type settings func(string) (string, bool)

// get returns the value of the first variable that is set and not empty, and its name.
func (s settings) get(names ...string) (name, value string) {
	for _, name := range names {
		if value, _ := s(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// protocol returns the protocol for a signal, TRACES or METRICS, or "" if it is off: there
// is no endpoint, or OTEL_SDK_DISABLED or one of the values off of its exporter says so.
func (s settings) protocol(signal string, off ...string) (string, error) {
	exporterName, exporter := s.get("OTEL_" + signal + "_EXPORTER")
	_, endpoint := s.get("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	_, disabled := s.get("OTEL_SDK_DISABLED")
	switch {
	case strings.EqualFold(disabled, "true"), slices.Contains(off, exporter), exporter == "" && endpoint == "":
		return "", nil
	case exporter != "" && exporter != "otlp":
		return "", fmt.Errorf("%s is %q; supported are otlp, %s", exporterName, exporter, strings.Join(off, ", "))
	}
	name, protocol := s.get("OTEL_EXPORTER_OTLP_"+signal+"_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
	switch protocol {
	case "":
		return protocolHTTP, nil
	case protocolGRPC, protocolHTTP:
		return protocol, nil
	}
	return "", fmt.Errorf("%s is %q; supported are %s and %s", name, protocol, protocolGRPC, protocolHTTP)
}
