// Package status has the status page of the admin port: HTML for people, and the JSON that
// it shows besides /debug/calls. It sees no content of calls and no credential.
package status

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/internal/metrics"
)

// A Status is the body of /debug/status: the state of the sidecar at Now.
type Status struct {
	Version string    `json:"version"`
	Now     time.Time `json:"now"`
	Started time.Time `json:"started"`
	// Ready says whether new calls are accepted. If not, Reason says why.
	Ready  bool   `json:"ready"`
	Reason string `json:"reason"`
	// Warnings are problems that do not make the sidecar unready.
	Warnings []string  `json:"warnings"`
	Config   Config    `json:"config"`
	Backends []Backend `json:"backends"`
	Limits   []Limit   `json:"limits"`
	Totals   Totals    `json:"totals"`
}

// Config is the state of the configuration.
type Config struct {
	// File is "" if there is none.
	File   string    `json:"file"`
	Loaded time.Time `json:"loaded"`
	// Problem is why the latest version of the file was rejected, "" if it is in use.
	Problem string `json:"problem"`
}

// A Backend is the state of a backend.
type Backend struct {
	Name    string `json:"name"`
	Region  string `json:"region"`
	Default bool   `json:"default"`
	// CoolingDown counts the models for which its fallbacks come first.
	CoolingDown int `json:"cooling_down"`
	// CredentialsMissing is true if it could not get credentials when it last tried.
	CredentialsMissing bool `json:"credentials_missing"`
}

// A Limit is the use of a limit; see extproc.LimitUse, whose fields it has.
type Limit struct {
	Limit   string `json:"limit"`
	Backend string `json:"backend"`
	Current int64  `json:"current"`
	Max     int64  `json:"max"`
	Refused int64  `json:"refused"`
}

// Totals are metrics, added up since the start of the process.
type Totals struct {
	// Errors counts model calls and failed requests by kind of error, "" for none.
	Errors map[string]float64 `json:"errors"`
	// Tokens is by type, CostMicros by currency, Warnings by code, CoolDowns by backend.
	Tokens          map[string]float64 `json:"tokens"`
	CostMicros      map[string]float64 `json:"cost_micros"`
	Warnings        map[string]float64 `json:"warnings"`
	CoolDowns       map[string]float64 `json:"cool_downs"`
	LogLinesDropped float64            `json:"log_lines_dropped"`
}

// Handler serves a Status as JSON. read returns it without its Totals, which are those of
// the metrics that g gathers.
func Handler(read func() Status, g prometheus.Gatherer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := read()
		var err error
		if s.Totals, err = totals(g); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(s) // a reader that has left needs no answer
	})
}

func totals(g prometheus.Gatherer) (Totals, error) {
	families, err := g.Gather()
	if err != nil {
		return Totals{}, err
	}
	t := Totals{
		Errors: map[string]float64{}, Tokens: map[string]float64{}, CostMicros: map[string]float64{},
		Warnings: map[string]float64{}, CoolDowns: map[string]float64{},
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels, value := map[string]string{}, m.GetCounter().GetValue()
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			t.add(family.GetName(), labels, value)
		}
	}
	return t, nil
}

// add adds the value of a counter.
func (t *Totals) add(metric string, labels map[string]string, value float64) {
	switch metric {
	case metrics.Requests.Name:
		if labels["api"] != "" || labels["error"] != "" { // probes and pages are neither
			t.Errors[labels["error"]] += value
		}
	case metrics.Tokens.Name:
		t.Tokens[labels["type"]] += value
	case metrics.Cost.Name:
		t.CostMicros[labels["currency"]] += value
	case metrics.Warnings.Name:
		t.Warnings[labels["code"]] += value
	case metrics.CoolDowns.Name:
		t.CoolDowns[labels["backend"]] += value
	case metrics.LogLinesDropped.Name:
		t.LogLinesDropped += value
	}
}
