package main

import (
	"fmt"
	"strings"
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"bedrock-extproc/extproc"
)

// Only operators see a rejected configuration, and it does not make the sidecar
// unready. Missing credentials do if they are required. Envoy's health check agrees.
func TestReadiness(t *testing.T) {
	missing := map[string]bool{}
	h := newHealthState(
		func() map[string]string { return map[string]string{"llm/b": "ok", "llm/a": "ok"} },
		func() map[string]bool { return missing })
	check := func(state, clients, operators string) {
		t.Helper()
		h.update()
		health, err := h.grpc.Check(t.Context(), &healthv1.HealthCheckRequest{})
		if want := strings.HasPrefix(clients, "200"); err != nil || (health.GetStatus() == healthv1.HealthCheckResponse_SERVING) != want {
			t.Errorf("%s: Envoy's health check gets %v, %v", state, health.GetStatus(), err)
		}
		for _, c := range []struct {
			who, want string
			page      extproc.Page
		}{{"clients", clients, h.readyz}, {"operators", operators, h.readyzForOperators}} {
			answer, err := c.page(extproc.PageRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%d %s", answer.Status, answer.Body); got != c.want || answer.ContentType != "application/json" {
				t.Errorf("%s: %s read %s, want %s", state, c.who, got, c.want)
			}
		}
	}
	const ready, starting = `200 {"status":"ok","checks":{"config":"ok","llm/a":"ok","llm/b":"ok"}}`, `503 {"status":"not ready","reason":"starting or draining"}`
	check("at first", starting, starting)
	h.setReady(true)
	check("ready", ready, ready)
	h.setConfigError("config.yaml:1: no")
	check("after a bad reload", ready, `200 {"status":"ok","checks":{"config":"rejected","llm/a":"ok","llm/b":"ok"},"config":{"error":"config.yaml:1: no"}}`)
	h.setConfigError("")
	check("after a good reload", ready, ready)
	missing["b"], missing["a"] = true, false
	const warning = `"warnings":["backend b has no AWS credentials: only calls with credentials of their own can work"]`
	check("without credentials", strings.TrimSuffix(ready, "}")+","+warning+"}", strings.TrimSuffix(ready, "}")+","+warning+"}")
	h.requireCredentials = true
	const unready = `503 {"status":"not ready","reason":"no AWS credentials"`
	check("before the look", unready+","+warning+"}", unready+","+warning+"}")
	h.setLooked()
	check("without required credentials", unready+","+warning+"}", unready+","+warning+"}")
	missing["b"] = false
	check("with required credentials", ready, ready)
	h.setReady(false)
	check("draining", starting, starting)
}
