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

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"
	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// Backends are the configured places to send calls to. They are immutable and
// safe for concurrent use.
type Backends struct {
	list      []*Backend
	byName    map[string]*Backend
	fallback  string
	transport http.RoundTripper
}

// New reads the AWS environment and profile and sets the backends up. It makes no
// network call: credentials are fetched by the first call that needs them.
func New(ctx context.Context, cfg Config) (*Backends, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("bedrock: %w", err)
	}
	a := &accounts{log: cfg.Log, profiles: map[string]aws.Config{}, own: map[account]*ownCredentials{}}
	transport := cfg.RoundTripper
	if transport == nil {
		sdk, err := a.profile(ctx, "")
		if err != nil {
			return nil, fmt.Errorf("bedrock: %w", err)
		}
		transport = newTransport(sdk, cfg.Transport)
	}
	bs := &Backends{byName: map[string]*Backend{}, fallback: cfg.Default, transport: transport}
	var problems []error
	for _, c := range cfg.Backends {
		b, err := newBackend(ctx, a, cfg, c, transport)
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

// connect gives each backend its fallbacks, and reports models that are not where
// they would be called.
func (bs *Backends) connect(cfg Config) error {
	pauses := newCooling(cfg.CoolDown)
	var problems []error
	for i, b := range bs.list {
		b.cooling = pauses
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

func newBackend(ctx context.Context, a *accounts, cfg Config, c BackendConfig, transport http.RoundTripper) (*Backend, error) {
	sdk, own, err := a.config(ctx, c)
	if err != nil {
		return nil, err
	}
	b := &Backend{
		name:         c.Name,
		region:       sdk.Region,
		residency:    c.Residency,
		defaultModel: cmp.Or(c.DefaultModel, DefaultModel),
		models:       maps.Clone(c.Models),
		defaults:     c.Defaults,
		mode:         cfg.ServerCredentials,
		own:          own,
		retry:        cfg.Retry.withDefaults(),
		limits:       c.Limits.or(cfg.Limits).withDefaults(),
		log:          cfg.Log,
		protocol:     restjson1.New(nil),
		transport:    transport,
	}
	b.defaults.Models = b.models
	b.client = bedrockruntime.NewFromConfig(sdk, c.endpoint, c.Identity.configure, func(o *bedrockruntime.Options) {
		// One attempt: the SDK cannot see an exception inside a stream, so it is
		// not the one to repeat calls.
		o.APIOptions = append(o.APIOptions, lean)
		o.HTTPSignerV4 = signer{own: v4.NewSigner(), clock: &b.clock}
		if name, version, ok := strings.Cut(cfg.AppID, "/"); ok {
			o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKeyValue(name, version))
		} else if name != "" {
			o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey(name))
		}
	})
	if cfg.ServerCredentials == ServerNever {
		return b, nil
	}
	return b, c.Identity.check(b.client.Options().BaseEndpoint)
}

// endpoint sets where the client's calls go.
func (b BackendConfig) endpoint(o *bedrockruntime.Options) {
	if b.EndpointURL != "" {
		o.BaseEndpoint = &b.EndpointURL
	}
	o.EndpointOptions.UseFIPSEndpoint = fips(b, o.EndpointOptions.UseFIPSEndpoint)
	o.EndpointOptions.UseDualStackEndpoint = dualStack(b, o.EndpointOptions.UseDualStackEndpoint)
}

// sdkLog is where the SDK writes to. Without one it would use standard error.
func sdkLog(log *zap.Logger) logging.Logger {
	return logging.LoggerFunc(func(c logging.Classification, format string, v ...any) {
		level := zap.DebugLevel
		if c == logging.Warn {
			level = zap.WarnLevel
		}
		log.Log(level, "AWS SDK", zap.String("says", fmt.Sprintf(format, v...)))
	})
}

// Lookup returns the backend of that name, or the default one for "". The error
// is a *translator.Error.
func (bs *Backends) Lookup(name string) (*Backend, error) {
	if b, ok := bs.byName[cmp.Or(name, bs.fallback)]; ok {
		return b, nil
	}
	return nil, &translator.Error{
		Status:  http.StatusBadRequest,
		Kind:    translator.KindUnknownBackend,
		Message: fmt.Sprintf("Unknown llm provider '%s'. Available: %s", name, strings.Join(bs.Names(), ", ")),
	}
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

// Default is the name of the backend of requests that name none.
func (bs *Backends) Default() string { return bs.fallback }

// Resting tells, by the names of all backends, for how many models each is being
// left to its fallbacks. Payers count apart.
func (bs *Backends) Resting() map[string]int {
	counts := bs.list[0].cooling.resting(time.Now())
	for _, b := range bs.list {
		counts[b.name] += 0
	}
	return counts
}

// CloseIdleConnections gives back connections that no call is using.
func (bs *Backends) CloseIdleConnections() {
	if t, ok := bs.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
