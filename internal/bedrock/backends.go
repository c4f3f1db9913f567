package bedrock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/converseapi"
	"bedrock-extproc/translator"
)

// Backends are the configured backends. They are immutable and safe for concurrent
// use.
type Backends struct {
	list      []*Backend
	byName    map[string]*Backend
	fallback  string
	transport http.RoundTripper
}

// New reads the AWS environment and profiles and sets up the backends. It makes no
// network call: the first call that needs credentials fetches them.
func New(ctx context.Context, cfg Config) (*Backends, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("bedrock: %w", err)
	}
	loader := awsauth.NewLoader(DefaultRegion, cfg.Log)
	transport := cfg.RoundTripper
	if transport == nil {
		sdk, err := loader.Profile(ctx, "")
		if err != nil {
			return nil, fmt.Errorf("bedrock: %w", err)
		}
		transport = newTransport(sdk, cfg.Transport)
	}
	bs := &Backends{byName: map[string]*Backend{}, fallback: cfg.Default, transport: transport}
	var problems []error
	for _, c := range cfg.Backends {
		b, err := newBackend(ctx, loader, cfg, c, transport)
		if err != nil {
			problems = append(problems, fmt.Errorf("backend %q: %w", c.Name, err))
			continue
		}
		bs.list = append(bs.list, b)
		bs.byName[c.Name] = b
	}
	if problems != nil {
		return nil, fmt.Errorf("bedrock: %w", errors.Join(problems...))
	}
	if err := bs.connect(cfg); err != nil {
		return nil, fmt.Errorf("bedrock: %w", err)
	}
	return bs, nil
}

// connect gives each backend its fallbacks, and reports models in another region than
// the one that their backend calls.
func (bs *Backends) connect(cfg Config) error {
	shared := newCoolDowns(cfg.CoolDown)
	var problems []error
	for i, b := range bs.list {
		b.coolDowns = shared
		b.route = append(b.route, b)
		for _, name := range cfg.Backends[i].Fallback {
			b.route = append(b.route, bs.byName[name])
		}
		models := append(slices.Collect(maps.Values(b.models)), b.Model(b.defaultModel))
		slices.Sort(models)
		for _, model := range slices.Compact(models) {
			if of := arnRegion(model); of != "" && of != b.region {
				problems = append(problems, fmt.Errorf("backend %q: the model %s is of region %s, and the backend calls %s", b.name, model, of, b.region))
			}
		}
	}
	return errors.Join(problems...)
}

func newBackend(ctx context.Context, loader *awsauth.Loader, cfg Config, c BackendConfig, transport http.RoundTripper) (*Backend, error) {
	auth, err := loader.Authenticator(ctx, c.Identity, awsauth.Endpoint{Region: c.Region, FIPS: c.FIPS, DualStack: c.DualStack})
	if err != nil {
		return nil, err
	}
	limits := c.Limits.or(cfg.Limits).withDefaults()
	b := &Backend{
		name:         c.Name,
		region:       auth.Config().Region,
		residency:    c.Residency,
		defaultModel: cmp.Or(c.DefaultModel, DefaultModel),
		models:       maps.Clone(c.Models),
		defaults:     c.Defaults,
		mode:         cfg.ServerCredentials,
		retry:        cfg.Retry.withDefaults(),
		limits:       limits,
		auth:         auth,
		client: converseapi.New(converseapi.Config{
			Auth: auth, Transport: transport, EndpointURL: c.EndpointURL, FIPS: c.FIPS, DualStack: c.DualStack, AppID: cfg.AppID,
			FirstEvent: limits.FirstEvent, Reply: limits.Reply, Silence: limits.Silence,
		}),
		log: cfg.Log,
	}
	b.defaults.Models = b.models
	if cfg.ServerCredentials == ServerNever {
		return b, nil
	}
	return b, b.client.CheckBearerToken()
}

// Lookup returns the backend of that name, or the default one for "". The error
// is a *translator.Error.
func (bs *Backends) Lookup(name string) (*Backend, error) {
	if b, ok := bs.byName[cmp.Or(name, bs.fallback)]; ok {
		return b, nil
	}
	names := make([]string, len(bs.list))
	for i, b := range bs.list {
		names[i] = b.name
	}
	return nil, &translator.Error{
		Status:  http.StatusBadRequest,
		Kind:    translator.KindUnknownBackend,
		Message: fmt.Sprintf("Unknown llm provider '%s'. Available: %s", name, strings.Join(names, ", ")),
	}
}

// All lists the backends in the configured order.
func (bs *Backends) All() []*Backend { return append([]*Backend(nil), bs.list...) }

// Default is the name of the backend of requests that name none.
func (bs *Backends) Default() string { return bs.fallback }

// Resting counts the models for which each backend cools down, by the names of all
// backends. Payers count separately.
func (bs *Backends) Resting() map[string]int {
	counts := bs.list[0].coolDowns.count(time.Now())
	for _, b := range bs.list {
		counts[b.name] += 0
	}
	return counts
}

// CloseIdleConnections closes connections that no call uses.
func (bs *Backends) CloseIdleConnections() {
	if t, ok := bs.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
