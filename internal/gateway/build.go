package gateway

import (
	"context"
	"os"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/anthropic"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/native"
	"bedrock-extproc/translator/openai"
)

// LoadConfig reads and checks a configuration file and logs its warnings. An empty
// path means the defaults.
func LoadConfig(ctx context.Context, path string, log *zap.Logger) (*config.Config, error) {
	cfg, err := config.Load(ctx, path, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		log.Warn(warning, zap.String("file", path))
	}
	return cfg, nil
}

func newBackends(ctx context.Context, cfg *config.Config, opts Options) (*bedrock.Backends, error) {
	settings := cfg.Bedrock
	settings.AppID, settings.Log = opts.AppID, opts.Log
	return bedrock.New(ctx, settings)
}

// Dialects are those that a configuration selects, for a look at their routes. They do not
// know its model families, whose file may be in another environment.
func Dialects(cfg config.Config) ([]translator.Dialect, error) {
	cfg.Settings.Families, cfg.Settings.ModelFamilies = nil, nil
	return newDialects(&cfg)
}

// newDialects builds the dialects that the configuration selects. The order matters to
// requests outside all of their paths: the first one encodes the error.
func newDialects(cfg *config.Config) ([]translator.Dialect, error) {
	settings, err := cfg.Settings.Complete()
	if err != nil {
		return nil, err
	}
	gateway, err := chat.New(settings, cfg.Chat)
	if err != nil {
		return nil, err
	}
	completions, err := openai.New(settings, cfg.OpenAI)
	if err != nil {
		return nil, err
	}
	messages, err := anthropic.New(settings, cfg.Anthropic)
	if err != nil {
		return nil, err
	}
	bedrock, err := native.New(settings)
	if err != nil {
		return nil, err
	}
	all := []translator.Dialect{gateway, completions, messages, bedrock}
	if len(cfg.APIs) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(d translator.Dialect) bool { return !slices.Contains(cfg.APIs, d.Name()) }), nil
}
