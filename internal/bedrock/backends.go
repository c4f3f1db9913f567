package bedrock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
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
// network call: the first call that needs credentials fetches them. Its error is of
// type Problems and lists every problem of cfg in this environment.
func New(ctx context.Context, cfg Config) (*Backends, error) {
	cfg = cfg.withDefaults()
	problems := cfg.Check()
	loader := awsauth.NewLoader(DefaultRegion, cfg.Log)
	transport := cfg.RoundTripper
	if transport == nil {
		sdk, err := loader.Profile(ctx, "")
		if err != nil {
			return nil, append(problems, Problem{Text: err.Error()})
		}
		transport = newTransport(sdk, cfg.Transport)
	}
	bs := &Backends{byName: map[string]*Backend{}, fallback: cfg.Default, transport: transport}
	shared := newCoolDowns(cfg.CoolDown)
	for _, c := range cfg.Backends {
		b, found := newBackend(ctx, loader, cfg, c, transport)
		if found != nil {
			problems = append(problems, found...)
			continue
		}
		b.coolDowns = shared
		bs.list = append(bs.list, b)
		bs.byName[c.Name] = b
	}
	if problems != nil {
		return nil, problems
	}
	for i, b := range bs.list {
		b.route = append(b.route, b)
		for _, name := range cfg.Backends[i].Fallback {
			b.route = append(b.route, bs.byName[name])
		}
	}
	return bs, nil
}

// checkModels reports entries of models, and a default model, that are ARNs of another
// region than the one called.
func (b *Backend) checkModels(models map[string]string) Problems {
	var problems Problems
	check := func(key, model string) {
		if of := arnRegion(model); of != "" && of != b.region {
			problems = append(problems, Problem{b.name, key, fmt.Sprintf("the model %s is in %s, but the backend calls %s", model, of, b.region)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		check("models."+name, models[name])
	}
	if alias, _ := b.models.Find(b.defaultModel); alias == "" {
		check("default_model", b.defaultModel)
	}
	return problems
}

func newBackend(ctx context.Context, loader *awsauth.Loader, cfg Config, c BackendConfig, transport http.RoundTripper) (*Backend, Problems) {
	auth, err := loader.Authenticator(ctx, c.Identity, awsauth.Endpoint{Region: c.Region, FIPS: c.FIPS, DualStack: c.DualStack})
	if _, refused := errors.AsType[*translator.Error](err); refused {
		return nil, Problems{{c.Name, "session_tags", "STS does not accept a value: only letters, digits, spaces and _.:/=+-@, at most 256 characters"}}
	} else if err != nil {
		return nil, Problems{{c.Name, "profile", err.Error()}}
	}
	limits := c.Limits.or(cfg.Limits).withDefaults()
	b := &Backend{
		name:         c.Name,
		region:       auth.Config().Region,
		residency:    c.Residency,
		defaultModel: cmp.Or(c.DefaultModel, DefaultModel),
		models:       translator.NewAliases(c.Models),
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
	problems := b.checkModels(c.Models)
	if cfg.ServerCredentials == ServerNever {
		return b, problems
	}
	if err := b.client.CheckBearerToken(); err != nil {
		key := "endpoint_url"
		if c.Identity.BearerTokenEnv != "" {
			key = "bearer_token_env"
		}
		problems = append(problems, Problem{c.Name, key, err.Error()})
	}
	return b, problems
}

// Lookup returns the backend of that name, or the default one for "". The error
// is a *translator.Error.
func (bs *Backends) Lookup(name string) (*Backend, error) {
	if b, ok := bs.byName[cmp.Or(name, bs.fallback)]; ok {
		return b, nil
	}
	return nil, translator.ErrUnknownBackend(name, bs.Names())
}

// All lists the backends in the configured order.
func (bs *Backends) All() []*Backend { return append([]*Backend(nil), bs.list...) }

// Names lists the names of the backends in the configured order.
func (bs *Backends) Names() []string {
	names := make([]string, len(bs.list))
	for i, b := range bs.list {
		names[i] = b.name
	}
	return names
}

// Default is the name of the backend for requests that name none.
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
