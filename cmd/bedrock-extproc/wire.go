package main

import (
	"context"
	"os"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
)

// loadConfig reads the file that -config names, or takes the defaults.
func loadConfig(ctx context.Context, path string, log *zap.Logger) (*config.Config, error) {
	cfg, err := config.Load(ctx, path, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		log.Warn(warning, zap.String("file", path))
	}
	return cfg, nil
}

func newBackends(ctx context.Context, cfg *config.Config, log *zap.Logger) (*bedrock.Backends, error) {
	settings := cfg.Bedrock
	settings.AppID, settings.Log = "bedrock-extproc/"+version, log
	return bedrock.New(ctx, settings)
}
