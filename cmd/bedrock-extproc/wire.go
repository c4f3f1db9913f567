package main

import (
	"context"
	"fmt"
	"os"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/family"
)

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

func newBackends(ctx context.Context, cfg *config.Config, log *zap.Logger) (*bedrock.Backends, error) {
	mode, err := bedrock.ParseServerCredentials(cfg.ServerCredentials)
	if err != nil {
		return nil, fmt.Errorf("allow_server_credentials: %w", err)
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
	return bedrock.New(ctx, settings)
}

func backendConfig(b *config.Backend) bedrock.BackendConfig {
	return bedrock.BackendConfig{
		Name: b.Name, Region: b.Region, DefaultModel: b.DefaultModel, Models: b.Models,
		EndpointURL: b.EndpointURL, FIPS: b.FIPS, DualStack: b.DualStack,
		Identity: bedrock.Identity{
			BearerTokenEnv: b.BearerTokenEnv, Profile: b.Profile,
			RoleARN: b.RoleARN, ExternalID: b.ExternalID, SessionName: b.SessionName, SessionTags: b.SessionTags,
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
