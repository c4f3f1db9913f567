package main

import (
	"cmp"
	"context"
	"iter"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

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
	add, err := s.defaults[backend.Name()].For(texts, rule)
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
