// Package gateway builds an immutable Gateway from a configuration: dialects, pages,
// backends and access rules. It implements extproc.Gateway: each request is answered
// by one configuration from beginning to end. Its Reloader holds the current Gateway
// and replaces it when the configuration changes.
package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/internal/price"
	"bedrock-extproc/translator"
)

// The keys of gRPC initial metadata that Envoy can set for a filter or, by
// ExtProcPerRoute.overrides.grpc_initial_metadata, for a route. Clients cannot
// write them.
const (
	// MetadataBackend names the backend that answers, in its own region, regardless of
	// the client's choice.
	MetadataBackend = "bedrock-backend"
	// MetadataClientChoice is "ignore" if the client may not choose a backend. Any other
	// value lets it choose.
	MetadataClientChoice = "bedrock-client-choice"
)

// Options are what a Gateway needs besides its configuration. The zero value works.
type Options struct {
	// AppID is added to the User-Agent of calls to AWS, as "name/version".
	AppID string
	// Pages are served besides those of the dialects.
	Pages []extproc.PageRoute
	// Log receives events that no request's record has, such as retries. nil logs
	// nothing.
	Log *zap.Logger
}

// A Gateway is one configuration, ready for use. It is immutable and safe for
// concurrent use.
type Gateway struct {
	*extproc.Routes

	backends *bedrock.Backends
	policy   identity.Policy
	defaults map[string]identity.Defaults // by the name of the backend
	maxCalls map[string]int               // likewise
	prices   price.Table
	tenant   string // the name of a value of identity, "" for none
	shown    json.RawMessage
	loaded   time.Time
	// routeSettings are the names of gRPC metadata that are read.
	routeSettings []string
}

// newGateway builds everything but the backends, which are those of cfg.
func newGateway(cfg *config.Config, backends *bedrock.Backends, opts Options) (*Gateway, error) {
	dialects, err := newDialects(cfg)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		backends: backends, policy: cfg.Policy, defaults: cfg.Defaults, maxCalls: cfg.MaxCalls, prices: cfg.Prices, tenant: cfg.Tenant, shown: cfg.Shown, loaded: time.Now(),
		routeSettings: routeSettings(cfg.Policy),
	}
	g.Routes, err = extproc.NewRoutes(dialects, slices.Concat(g.chatPages(), g.openaiPages(dialects), g.anthropicPages(dialects), opts.Pages))
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return g, nil
}

// Shown is the configuration file as JSON, without secrets, and when it was loaded. It is nil
// without a file.
func (g *Gateway) Shown() (file json.RawMessage, loaded time.Time) { return g.shown, g.loaded }

// Backends returns the configured backends.
func (g *Gateway) Backends() *bedrock.Backends { return g.backends }

// The headers by which clients ask for a backend.
const (
	// providerHeader must name a backend.
	providerHeader = "x-provider-llm"
	// anyProviderHeader is for all kinds of providers of the agentic gateway. It is
	// ignored unless it names a backend.
	anyProviderHeader = "x-provider"
)

// Provider implements extproc.Gateway.
func (g *Gateway) Provider(header translator.HeaderFunc) string {
	if name := header.Get(providerHeader); name != "" {
		return name
	}
	name := header.Get(anyProviderHeader)
	if _, err := g.backends.Lookup(name); err != nil {
		return ""
	}
	return name
}

// Target implements extproc.Gateway.
func (g *Gateway) Target(provider string, caller translator.Caller, origin extproc.Origin) (extproc.Target, error) {
	_, target, err := g.targetOf(provider, caller, origin)
	return target, err
}

// targetOf is Target with the backend itself.
func (g *Gateway) targetOf(provider string, caller translator.Caller, origin extproc.Origin) (*bedrock.Backend, extproc.Target, error) {
	if err := g.checkRoute(origin); err != nil {
		return nil, extproc.Target{}, err
	}
	values, rule, err := g.policy.Identify(origin)
	if err != nil {
		return nil, extproc.Target{}, err
	}
	name, fixed := choose(origin, provider)
	if fixed {
		caller.Region = "" // that of the backend
		if _, err := g.backends.Lookup(name); err != nil {
			return nil, extproc.Target{}, translator.ErrRouteBackend(name, g.backends.Names())
		}
	}
	return g.target(name, caller, values, rule)
}

// checkRoute rejects gRPC metadata that a misspelt route sets: a call would be answered
// by another backend than the operator wants.
func (g *Gateway) checkRoute(origin extproc.Origin) error {
	for name := range origin.InitialNames() {
		if strings.HasPrefix(name, "bedrock") && !slices.Contains(g.routeSettings, name) {
			return translator.ErrRouteSetting(name, g.routeSettings)
		}
	}
	return nil
}

// routeSettings lists the gRPC metadata that a configuration reads.
func routeSettings(policy identity.Policy) []string {
	names := []string{MetadataBackend, MetadataClientChoice}
	for _, s := range policy.Sources {
		if s.InitialMetadata != "" {
			names = append(names, s.InitialMetadata)
		}
	}
	return names
}

// TargetAs is Target for a caller with these identity values and without keys. It
// also returns the backend itself.
func (g *Gateway) TargetAs(values identity.Values, provider string) (*bedrock.Backend, extproc.Target, error) {
	values, rule, err := g.policy.IdentifyAs(values)
	if err != nil {
		return nil, extproc.Target{}, err
	}
	return g.target(provider, translator.Caller{}, values, rule)
}

// target returns the target of a caller with these values, to whom the rule applies.
// A backend that the rule names answers in its own region.
func (g *Gateway) target(name string, caller translator.Caller, values identity.Values, rule identity.Rule) (*bedrock.Backend, extproc.Target, error) {
	caller.Values = values.Texts()
	fixed, err := rule.Backend.Needed(caller.Values)
	if err != nil {
		return nil, extproc.Target{}, err
	}
	if fixed != "" {
		name, caller.Region = fixed, ""
	}
	backend, err := g.backends.Lookup(name)
	if err != nil {
		return nil, extproc.Target{}, err
	}
	defaults, err := g.defaults[backend.Name()].For(caller.Values, rule)
	if err != nil {
		return nil, extproc.Target{}, err
	}
	defaults.Models = backend.Models()
	return backend, extproc.Target{
		Backend: backend, Caller: caller, DefaultModel: backend.DefaultModel(), Defaults: defaults, Allow: rule.Allow, ModelLabel: backend.ModelLabel,
		Price: g.prices.Of, Tenant: caller.Values[g.tenant],
		Names: func() []string {
			return allowedNames(slices.Concat(modelNames(backend), backend.Models().Patterns()), rule.Allow)
		},
		Limits: g.limits(backend.Name(), values),
	}, nil
}

// limits are those on the calls of a backend and of a caller with these values.
func (g *Gateway) limits(backend string, values identity.Values) []extproc.CallLimit {
	list := []extproc.CallLimit{{Limit: extproc.LimitBackend, Name: backend, Max: g.maxCalls[backend]}}
	if l := g.policy.CallerLimit; l.MaxCalls > 0 {
		list = append(list, extproc.CallLimit{Limit: extproc.LimitCaller, Name: l.Key(values), Max: l.MaxCalls})
	}
	return list
}

// choose returns the name of the backend that answers, "" for the default: the one
// that Envoy's configuration names, which is fixed, or the one that the client asks
// for if it may.
func choose(origin extproc.Origin, asked string) (name string, fixed bool) {
	if name := first(origin.InitialMetadata(MetadataBackend)); name != "" {
		return name, true
	}
	if first(origin.InitialMetadata(MetadataClientChoice)) == "ignore" {
		return "", true
	}
	return asked, false
}

func first(values []string) string {
	if len(values) > 0 {
		return values[0]
	}
	return ""
}
