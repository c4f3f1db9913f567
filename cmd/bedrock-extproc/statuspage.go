package main

import (
	"time"

	"bedrock-extproc/internal/status"
)

// status is what the status page shows, apart from calls and totals.
func (s *sidecar) status() status.Status {
	ready := s.health.readiness()
	page := status.Status{
		Version: version, Now: time.Now(), Started: s.started,
		Ready: ready.Status == readyStatus, Reason: ready.Reason, Warnings: ready.Warnings,
		Config: status.Config{File: s.opts.config, Problem: s.health.configProblem()},
		Limits: []status.Limit{},
	}
	gateway := s.reloader.Current()
	_, page.Config.Loaded = gateway.Shown()
	backends := gateway.Backends()
	resting, missing := backends.Resting(), backends.WithoutCredentials()
	for _, b := range backends.All() {
		page.Backends = append(page.Backends, status.Backend{
			Name: b.Name(), Region: b.Region(), Default: b.Name() == backends.Default(),
			CoolingDown: resting[b.Name()], CredentialsMissing: missing[b.Name()],
		})
	}
	for _, u := range s.extproc.Limits() {
		page.Limits = append(page.Limits, status.Limit(u))
	}
	return page
}
