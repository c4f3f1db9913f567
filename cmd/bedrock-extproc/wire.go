package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/family"
)

// backends lets extproc choose among Bedrock's backends by its own interface.
type backends struct{ *bedrock.Backends }

// Choose implements extproc.Backends.
func (b backends) Choose(name string) (extproc.Backend, error) { return b.Lookup(name) }

// loadConfig reads the file that -config names, or takes the defaults.
func loadConfig(path string, log *zap.Logger) (*config.Config, error) {
	if path == "" {
		return config.Default(), nil
	}
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		log.Warn(warning, zap.String("file", path))
	}
	return cfg, nil
}

func newBackends(ctx context.Context, cfg *config.Config, log *zap.Logger) (backends, error) {
	mode, err := bedrock.ParseServerCredentials(cfg.ServerCredentials)
	if err != nil {
		return backends{}, fmt.Errorf("allow_server_credentials: %w", err)
	}
	settings := bedrock.Config{
		Default:           cfg.LLM.Default,
		ServerCredentials: mode,
		AppID:             "bedrock-extproc/" + version,
		Log:               log,
		Retry:             bedrock.Retry(cfg.Extproc.Retry),
		CoolDown:          bedrock.CoolDown(cfg.Extproc.CoolDown),
		Limits:            bedrock.Limits(cfg.Extproc.Timeouts),
	}
	for i := range cfg.LLM.Backends {
		settings.Backends = append(settings.Backends, backendConfig(&cfg.LLM.Backends[i]))
	}
	b, err := bedrock.New(ctx, settings)
	return backends{b}, err
}

func backendConfig(b *config.Backend) bedrock.BackendConfig {
	return bedrock.BackendConfig{
		Name: b.Name, Region: b.Region, DefaultModel: b.DefaultModel, Models: b.Models,
		EndpointURL: b.EndpointURL, FIPS: b.FIPS, DualStack: b.DualStack,
		Identity: bedrock.Identity{
			BearerTokenEnv: b.BearerTokenEnv, Profile: b.Profile,
			RoleARN: b.RoleARN, ExternalID: b.ExternalID, SessionName: b.SessionName,
		},
		Fallback: b.Fallback, Residency: b.Residency, Limits: bedrock.Limits(b.Timeouts),
	}
}

func newChat(cfg *config.Config) (*chat.Dialect, error) {
	deltas, err := chat.ParseToolUseDeltas(cfg.Extproc.ToolUseDeltas)
	if err != nil {
		return nil, fmt.Errorf("tool_use_deltas: %w", err)
	}
	translation, err := chat.ParseTranslation(cfg.Extproc.Translation)
	if err != nil {
		return nil, fmt.Errorf("translation: %w", err)
	}
	families, err := loadFamilies(cfg.Extproc.FamiliesFile)
	if err != nil {
		return nil, fmt.Errorf("families_file: %w", err)
	}
	return chat.New(chat.Config{
		ToolUseDeltas: deltas, Translation: translation, Families: families, ModelFamilies: cfg.Extproc.ModelFamilies,
	})
}

// loadFamilies puts the rules of a file before the built-in ones. Without a file
// it returns nil, which means those.
func loadFamilies(path string) (*family.Table, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	own, err := family.Parse(text)
	if err != nil {
		return nil, err
	}
	builtin, err := family.Builtin()
	if err != nil {
		return nil, err
	}
	return own.Over(builtin), nil
}

// pages are what GET requests through Envoy's listener see.
func pages(cfg *config.Config, b backends, h *healthState) map[string]extproc.Page {
	var names, models []string
	for i, backend := range b.All() {
		names = append(names, backend.Name())
		models = append(models, backend.DefaultModel())
		models = append(models, slices.Sorted(maps.Keys(cfg.LLM.Backends[i].Models))...)
	}
	return map[string]extproc.Page{
		"/healthz":         h.healthz,
		"/readyz":          h.readyz,
		chat.ModelsPath:    fixed(chat.ModelsPage(models)),
		chat.ProvidersPath: fixed(chat.ProvidersPage(b.Default(), names)),
	}
}

// fixed is a page that never changes.
func fixed(body []byte) extproc.Page { return func() (int, []byte) { return 200, body } }
