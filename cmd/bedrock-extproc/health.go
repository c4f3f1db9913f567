package main

import (
	"encoding/json"
	"net/http"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// healthState is the one answer to every question about readiness: Envoy's gRPC
// health check, /readyz on the admin port and /readyz through the listener.
type healthState struct {
	ready       atomic.Bool
	configError atomic.Pointer[string] // nil when the last reload worked
	grpc        *health.Server
}

// readiness is the body of /readyz.
type readiness struct {
	Status string       `json:"status"`
	Reason string       `json:"reason,omitempty"`
	Config *configState `json:"config,omitempty"`
}

type configState struct {
	Error string `json:"error"`
}

func newHealthState() *healthState {
	h := &healthState{grpc: health.NewServer()}
	h.setReady(false)
	return h
}

func (h *healthState) register(r grpc.ServiceRegistrar) { healthv1.RegisterHealthServer(r, h.grpc) }

func (h *healthState) setReady(ready bool) {
	h.ready.Store(ready)
	status := healthv1.HealthCheckResponse_NOT_SERVING
	if ready {
		status = healthv1.HealthCheckResponse_SERVING
	}
	h.grpc.SetServingStatus("", status)
}

// setConfigError shows what is wrong with a configuration that was refused; ""
// says that the latest is in use.
func (h *healthState) setConfigError(text string) {
	if text == "" {
		h.configError.Store(nil)
		return
	}
	h.configError.Store(&text)
}

// healthz says that the process answers.
func (h *healthState) healthz() (int, []byte) {
	return http.StatusOK, []byte(`{"status":"ok"}`)
}

// readyz says whether new calls are welcome. They are when a reload has failed,
// as the configuration from before it serves on.
func (h *healthState) readyz() (int, []byte) { return h.readiness().page() }

// readyzForOperators also says why a reload has failed, which may quote the
// configuration.
func (h *healthState) readyzForOperators() (int, []byte) {
	answer := h.readiness()
	if text := h.configError.Load(); text != nil {
		answer.Config = &configState{Error: *text}
	}
	return answer.page()
}

func (h *healthState) readiness() readiness {
	if !h.ready.Load() {
		return readiness{Status: "not ready", Reason: "starting or draining"}
	}
	return readiness{Status: "ready"}
}

func (r readiness) page() (int, []byte) {
	body, err := json.Marshal(r)
	if err != nil || r.Status != "ready" {
		return http.StatusServiceUnavailable, body
	}
	return http.StatusOK, body
}
