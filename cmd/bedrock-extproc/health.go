package main

import (
	"net/http"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// healthState is the one answer to every question about readiness: Envoy's gRPC
// health check, /readyz on the admin port and /readyz through the listener.
type healthState struct {
	ready atomic.Bool
	grpc  *health.Server
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

// healthz says that the process answers.
func (h *healthState) healthz() (int, []byte) {
	return http.StatusOK, []byte(`{"status":"ok"}`)
}

// readyz says whether new calls are welcome.
func (h *healthState) readyz() (int, []byte) {
	if h.ready.Load() {
		return http.StatusOK, []byte(`{"status":"ready"}`)
	}
	return http.StatusServiceUnavailable, []byte(`{"status":"not ready","reason":"starting or draining"}`)
}
