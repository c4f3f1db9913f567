package main

import (
	"fmt"
	"testing"

	"bedrock-extproc/extproc"
)

// Only operators see a rejected configuration, and it does not make the sidecar
// unready.
func TestReadiness(t *testing.T) {
	h := newHealthState(func() map[string]string { return map[string]string{"llm/b": "ok", "llm/a": "ok"} })
	check := func(state, clients, operators string) {
		t.Helper()
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
	h.setReady(false)
	check("draining", starting, starting)
}
