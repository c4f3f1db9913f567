package gateway

import (
	"context"
	"os"
	"slices"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/anthropic"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/native"
	"bedrock-extproc/translator/openai"
	"bedrock-extproc/translator/responses"
)

// Load reads and checks a configuration file, and builds everything that it says. An
// empty path means the defaults. It makes no network call.
func Load(ctx context.Context, path string, opts Options) (*config.Config, *Gateway, error) {
	var backends *bedrock.Backends
	cfg, err := config.Load(path, os.LookupEnv, func(settings bedrock.Config) (err error) {
		backends, err = newBackends(ctx, settings, opts)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	g, err := newGateway(cfg, backends, opts)
	return cfg, g, err
}

func newBackends(ctx context.Context, settings bedrock.Config, opts Options) (*bedrock.Backends, error) {
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
	items, err := responses.New(settings, responses.Config(cfg.OpenAI))
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
	all := []translator.Dialect{gateway, completions, items, messages, bedrock}
	if len(cfg.APIs) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(d translator.Dialect) bool { return !slices.Contains(cfg.APIs, d.Name()) }), nil
}
