package main

import (
	"context"
	"maps"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator/chat"
)

// A service is what one configuration makes. It is immutable, and calls that
// began with it end with it.
type service struct {
	backends *bedrock.Backends
	dialect  *chat.Dialect
	policy   *identity.Policy
	defaults map[string]identity.Defaults // by the name of the backend
	// The bodies of the pages that depend on the configuration.
	models, providers []byte
}

// newService builds everything from a configuration that config.Load has checked.
func newService(ctx context.Context, cfg *config.Config, log *zap.Logger) (*service, error) {
	backends, err := newBackends(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	dialect, err := chat.New(cfg.Chat)
	if err != nil {
		return nil, err
	}
	s := &service{backends: backends, dialect: dialect, policy: &cfg.Policy, defaults: cfg.Defaults}
	s.models = chat.ModelsPage(modelNames(backends))
	s.providers = chat.ProvidersPage(backends.Default(), backendNames(backends))
	return s, nil
}

func backendNames(b *bedrock.Backends) []string {
	var names []string
	for _, backend := range b.All() {
		names = append(names, backend.Name())
	}
	return names
}

// modelNames lists what clients may ask for by name: each backend's default
// model, and the aliases that are not listed already.
func modelNames(b *bedrock.Backends) []string {
	var names []string
	for _, backend := range b.All() {
		names = append(names, backend.DefaultModel())
		for _, alias := range slices.Sorted(maps.Keys(backend.Models())) {
			if !slices.Contains(names, alias) {
				names = append(names, alias)
			}
		}
	}
	return names
}
