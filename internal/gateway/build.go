package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/family"
)

// This file turns a configuration into the settings of the packages that use it.

// LoadConfig reads a configuration file and logs its warnings. An empty path means
// the defaults.
func LoadConfig(path string, log *zap.Logger) (*config.Config, error) {
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

func newBackends(ctx context.Context, cfg *config.Config, opts Options) (*bedrock.Backends, error) {
	mode, err := bedrock.ParseServerCredentials(cfg.ServerCredentials)
	if err != nil {
		return nil, fmt.Errorf("allow_server_credentials: %w", err)
	}
	settings := bedrock.Config{
		Default:           cfg.LLM.Default,
		ServerCredentials: mode,
		AppID:             opts.AppID,
		Log:               opts.Log,
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
		Defaults: translator.Defaults{Guardrail: guardrail(b.Guardrail), RequestMetadata: b.RequestMetadata},
		Fallback: b.Fallback, Residency: b.Residency, Limits: bedrock.Limits(b.Timeouts),
	}
}

func guardrail(g *config.Guardrail) *translator.Guardrail {
	if g == nil {
		return nil
	}
	return &translator.Guardrail{ID: g.ID, Version: g.Version, Trace: g.Trace, StreamMode: g.StreamMode}
}

// newPolicy returns the zero Policy and nil for a configuration in which nothing
// depends on the caller. The defaults are by the name of the backend.
func newPolicy(cfg *config.Config) (identity.Policy, map[string]identity.Defaults, error) {
	if len(cfg.Extproc.Identity)+len(cfg.Extproc.Access) == 0 {
		return identity.Policy{}, nil, nil
	}
	p := identity.Policy{Required: cfg.Extproc.RequireIdentity}
	for _, i := range cfg.Extproc.Identity {
		p.Sources = append(p.Sources, identity.Source{
			Name: i.Name, Metadata: i.Metadata, Attribute: i.Attribute, InitialMetadata: i.GRPCMetadata, Default: i.Default,
		})
	}
	var t templates
	for _, a := range cfg.Extproc.Access {
		p.Rules = append(p.Rules, identity.Rule{
			Match: a.Match, Backend: t.parse(a.Backend), Models: a.Models, Guardrail: t.guardrail(a.Guardrail),
		})
	}
	defaults := map[string]identity.Defaults{}
	for _, b := range cfg.LLM.Backends {
		d := identity.Defaults{Guardrail: t.guardrail(b.Guardrail), RequestMetadata: map[string]identity.Template{}}
		for name, text := range b.RequestMetadata {
			d.RequestMetadata[name] = t.parse(text)
		}
		defaults[b.Name] = d
	}
	return p, defaults, errors.Join(t.problems...)
}

// templates parses templates and collects their problems.
type templates struct{ problems []error }

func (t *templates) parse(text string) identity.Template {
	parsed, err := identity.Parse(text)
	t.problems = append(t.problems, err)
	return parsed
}

func (t *templates) guardrail(g *config.Guardrail) *identity.Guardrail {
	if g == nil {
		return nil
	}
	return &identity.Guardrail{ID: t.parse(g.ID), Version: t.parse(g.Version), Trace: g.Trace, StreamMode: g.StreamMode}
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

// loadFamilies puts the rules of a file before the built-in ones. Without a file it
// returns nil, which means the built-in ones.
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

// chatPages are the chat dialect's lists of models and backends.
func chatPages(cfg *config.Config, b *bedrock.Backends) []extproc.PageRoute {
	models := chat.ModelsPage(modelNames(cfg, b))
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
func modelNames(cfg *config.Config, b *bedrock.Backends) []string {
	var names []string
	for i, backend := range b.All() {
		names = append(names, backend.DefaultModel())
		for _, alias := range slices.Sorted(maps.Keys(cfg.LLM.Backends[i].Models)) {
			if !slices.Contains(names, alias) {
				names = append(names, alias)
			}
		}
	}
	return names
}
