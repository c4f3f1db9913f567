package main

import (
	"context"
	"errors"
	"maps"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator/chat"
)

// A service is what one configuration makes. It is immutable, and calls that
// began with it end with it.
type service struct {
	backends *bedrock.Backends
	dialect  *chat.Dialect
	policy   *policy
	// The bodies of the pages that depend on the configuration.
	models, providers []byte
}

// newService checks and builds everything; the error names all that is wrong.
func newService(ctx context.Context, cfg *config.Config, log *zap.Logger) (*service, error) {
	backends, backendsErr := newBackends(ctx, cfg, log)
	dialect, dialectErr := newChat(cfg)
	policy, policyErr := newPolicy(cfg)
	if err := errors.Join(backendsErr, dialectErr, policyErr); err != nil {
		return nil, err
	}
	s := &service{backends: backends, dialect: dialect, policy: policy}
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
