package gateway

import (
	"context"
	"maps"
	"net/http"
	"os"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
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

// chatPages are the chat dialect's lists of models and backends.
func chatPages(b *bedrock.Backends) []extproc.PageRoute {
	models := chat.ModelsPage(modelNames(b))
	providers := chat.ProvidersPage(b.Default(), b.Names())
	return []extproc.PageRoute{
		{Pattern: chat.ModelsPath, Page: fixedPage(models)},
		{Pattern: chat.ProvidersPath, Page: fixedPage(providers)},
	}
}

func fixedPage(body []byte) extproc.Page {
	return func(extproc.PageRequest) translator.Response {
		return translator.Response{Status: http.StatusOK, ContentType: "application/json", Body: body}
	}
}

// modelNames lists the names that clients may ask for: each backend's default model,
// and the aliases that are not listed already.
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
