package gateway

import (
	"context"
	"os"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
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
