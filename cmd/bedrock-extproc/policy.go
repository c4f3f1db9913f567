package main

import (
	"cmp"
	"context"
	"errors"
	"iter"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

// A policy is who may have what, and what is added to requests depending on who
// calls. It is immutable.
type policy struct {
	identity.Policy
	defaults map[string]identity.Defaults // by the name of the backend
}

func newPolicy(cfg *config.Config) (*policy, error) {
	p := &policy{Policy: identity.Policy{Required: cfg.Extproc.RequireIdentity}, defaults: map[string]identity.Defaults{}}
	for _, i := range cfg.Extproc.Identity {
		p.Sources = append(p.Sources, identity.Source{
			Name: i.Name, Metadata: i.Metadata, Attribute: i.Attribute, Initial: i.GRPCMetadata, Default: i.Default,
		})
	}
	var t templates
	for _, a := range cfg.Extproc.Access {
		p.Rules = append(p.Rules, identity.Rule{
			Match: a.Match, Backend: t.parse(a.Backend), Models: a.Models, Guardrail: t.guardrail(a.Guardrail),
		})
	}
	for _, b := range cfg.LLM.Backends {
		d := identity.Defaults{Guardrail: t.guardrail(b.Guardrail), RequestMetadata: map[string]identity.Template{}}
		for name, text := range b.RequestMetadata {
			d.RequestMetadata[name] = t.parse(text)
		}
		p.defaults[b.Name] = d
	}
	return p, errors.Join(t.problems...)
}

// templates reads templates and keeps what is wrong with them.
type templates struct{ problems []error }

func (t *templates) parse(text string) identity.Template {
	read, err := identity.Parse(text)
	t.problems = append(t.problems, err)
	return read
}

func (t *templates) guardrail(g *config.Guardrail) *identity.Guardrail {
	if g == nil {
		return nil
	}
	return &identity.Guardrail{ID: t.parse(g.ID), Version: t.parse(g.Version), Trace: g.Trace, StreamMode: g.StreamMode}
}

// choose finds the backend for a call: the one of the caller's access rule, or the
// one that is asked for.
func (s *service) choose(name string, origin identity.Origin) (extproc.Backend, error) {
	values, rule, err := s.policy.Identify(origin)
	if err != nil {
		return nil, err
	}
	return s.forCaller(name, values, rule)
}

// forCaller is the backend of a caller with these values, to whom the rule applies.
func (s *service) forCaller(name string, values identity.Values, rule identity.Rule) (*personal, error) {
	texts := values.Texts()
	fixed, err := rule.Backend.Needed(texts)
	if err != nil {
		return nil, err
	}
	backend, err := s.backends.Lookup(cmp.Or(fixed, name))
	if err != nil {
		return nil, err
	}
	add, err := s.policy.defaults[backend.Name()].For(texts, rule)
	if err != nil {
		return nil, err
	}
	add.Models = backend.Models()
	return &personal{Backend: backend, rule: rule, defaults: add, values: texts}, nil
}

// personal is a backend for one caller.
type personal struct {
	*bedrock.Backend
	rule     identity.Rule
	defaults translator.Defaults
	values   map[string]string
}

// Defaults implements extproc.Backend.
func (p *personal) Defaults() translator.Defaults { return p.defaults }

// Converse implements extproc.Backend.
func (p *personal) Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error) {
	if err := p.rule.Allow(call.Model); err != nil {
		return nil, translator.Facts{}, err
	}
	return p.Backend.Converse(ctx, call, p.known(caller))
}

// ConverseStream implements extproc.Backend.
func (p *personal) ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
	if err := p.rule.Allow(call.Model); err != nil {
		return nil, translator.Facts{}, err
	}
	return p.Backend.ConverseStream(ctx, call, p.known(caller))
}

// known is the caller with its values. Where a rule says which backend answers, the
// region is that backend's.
func (p *personal) known(caller translator.Caller) translator.Caller {
	caller.Values = p.values
	if !p.rule.Backend.IsZero() {
		caller.Region = ""
	}
	return caller
}
