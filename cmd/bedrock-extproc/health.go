package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// healthState answers every question about readiness: Envoy's gRPC health check,
// /readyz on the admin port and /readyz through the listener.
type healthState struct {
	ready       atomic.Bool
	configError atomic.Pointer[string] // see configProblem; nil is ""
	grpc        *health.Server
	// backends are the states of the backends in use, and withoutCredentials tells which
	// of them have no credentials of their own. They are called while the sidecar is ready.
	backends           func() map[string]string
	withoutCredentials func() map[string]bool
	// requireCredentials makes the sidecar unready until looked is set, and while a
	// backend has no credentials.
	requireCredentials bool
	looked             atomic.Bool

	updating sync.Mutex
}

// readyStatus is the status of a sidecar that accepts calls.
const readyStatus = "ok"

// readiness is the body of /readyz. Status and Checks are those of the agentic gateway.
type readiness struct {
	Status   string            `json:"status"`
	Reason   string            `json:"reason,omitempty"`
	Checks   map[string]string `json:"checks,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
	Config   *configState      `json:"config,omitempty"`
}

type configState struct {
	Error string `json:"error"`
}

func newHealthState(backends func() map[string]string, withoutCredentials func() map[string]bool) *healthState {
	h := &healthState{grpc: health.NewServer(), backends: backends, withoutCredentials: withoutCredentials}
	h.setReady(false)
	return h
}

func (h *healthState) register(r grpc.ServiceRegistrar) { healthv1.RegisterHealthServer(r, h.grpc) }

func (h *healthState) setReady(ready bool) {
	h.ready.Store(ready)
	h.update()
}

// setLooked says that the sidecar has looked for its credentials.
func (h *healthState) setLooked() {
	h.looked.Store(true)
	h.update()
}

// update answers Envoy's health checks from now on as /readyz does.
func (h *healthState) update() {
	h.updating.Lock() // the latest state must be the last one to be set
	defer h.updating.Unlock()
	status := healthv1.HealthCheckResponse_NOT_SERVING
	if h.readiness().Status == readyStatus {
		status = healthv1.HealthCheckResponse_SERVING
	}
	h.grpc.SetServingStatus("", status)
}

// setConfigError shows why the latest configuration was rejected; "" means that it
// is in use.
func (h *healthState) setConfigError(text string) { h.configError.Store(&text) }

// configProblem is what setConfigError was last told.
func (h *healthState) configProblem() string {
	if text := h.configError.Load(); text != nil {
		return *text
	}
	return ""
}

// pages are served through Envoy's listener.
func (h *healthState) pages() []extproc.PageRoute {
	return []extproc.PageRoute{{Pattern: "/healthz", Page: h.healthz}, {Pattern: "/readyz", Page: h.readyz}}
}

// healthz is the page that shows that the process is alive.
func (*healthState) healthz(extproc.PageRequest) (translator.Response, error) {
	return jsonPage(http.StatusOK, []byte(`{"status":"ok"}`)), nil
}

// readyz is the page that shows whether the sidecar accepts new calls. A failed reload
// does not change that: the previous configuration stays in use.
func (h *healthState) readyz(extproc.PageRequest) (translator.Response, error) {
	return h.readiness().page()
}

// readyzForOperators also shows why the last reload failed, which may quote the
// configuration.
func (h *healthState) readyzForOperators(extproc.PageRequest) (translator.Response, error) {
	answer := h.readiness()
	if text := h.configProblem(); text != "" {
		answer.Config = &configState{Error: text}
		if answer.Checks != nil {
			answer.Checks["config"] = "rejected"
		}
	}
	return answer.page()
}

func (h *healthState) readiness() readiness {
	if !h.ready.Load() {
		return readiness{Status: "not ready", Reason: "starting or draining"}
	}
	missing := h.missing()
	if h.requireCredentials && (!h.looked.Load() || len(missing) > 0) {
		return readiness{Status: "not ready", Reason: "no AWS credentials", Warnings: missing}
	}
	checks := h.backends()
	checks["config"] = "ok"
	return readiness{Status: readyStatus, Checks: checks, Warnings: missing}
}

// missing is a warning for each backend without credentials.
func (h *healthState) missing() []string {
	var warnings []string
	states := h.withoutCredentials()
	for _, name := range slices.Sorted(maps.Keys(states)) {
		if states[name] {
			warnings = append(warnings, fmt.Sprintf("backend %s has no AWS credentials: only calls with credentials of their own can work", name))
		}
	}
	return warnings
}

func (r readiness) page() (translator.Response, error) {
	body, err := json.Marshal(r)
	if r.Status != readyStatus {
		return jsonPage(http.StatusServiceUnavailable, body), err
	}
	return jsonPage(http.StatusOK, body), err
}

func jsonPage(status int, body []byte) translator.Response {
	return translator.Response{Status: status, ContentType: "application/json", Body: body}
}
