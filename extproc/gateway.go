package extproc

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"bedrock-extproc/translator"
)

// A Gateway is one configuration, ready for use. Implementations are immutable and
// safe for concurrent use: a call ends with the Gateway that it began with.
type Gateway interface {
	// Find returns the endpoint of a request; see Routes.
	Find(method, path string, header translator.HeaderFunc) (Endpoint, error)
	// Provider returns the name of the backend that the headers of a request ask for, ""
	// where they ask for none.
	Provider(header translator.HeaderFunc) string
	// Target chooses the backend and the terms of a call. provider is the backend that
	// the client asks for; caller holds the keys and the region of
	// the request. An error is always a *translator.Error.
	Target(provider string, caller translator.Caller, origin Origin) (Target, error)
}

// A Target is the backend and the terms of one call.
type Target struct {
	Backend Backend
	// Caller is passed to Backend.
	Caller translator.Caller
	// DefaultModel is used when the request names no model.
	DefaultModel string
	// Defaults are added to the request.
	Defaults translator.Defaults
	// Allow returns a *translator.Error for a model that this caller may not use; nil
	// allows all.
	Allow func(model string) error
	// Names lists the models that this caller may ask for by names of the configuration. It is
	// called for errors only; nil lists none.
	Names func() []string
	// ModelLabel returns the name of a model in the configuration, for metrics, and "" for
	// a model that the configuration does not name. nil knows no names.
	ModelLabel func(model string) string
	// Price returns what the tokens of a model cost, by the id that was sent to Bedrock and
	// the name that the client asked for. nil knows no prices.
	Price func(modelID, name string) translator.Price
	// Tenant is whom metrics count the call for, "" for nobody.
	Tenant string
	// Limits are those on the calls of this backend and of this caller.
	Limits []CallLimit
}

// OtherModel stands in metrics for the names of models that the configuration does not
// have.
const OtherModel = "other"

func (t *Target) modelLabel(model string) string {
	if t.ModelLabel == nil {
		return OtherModel
	}
	return cmp.Or(t.ModelLabel(model), OtherModel)
}

func (t *Target) price(modelID, name string) translator.Price {
	if t.Price == nil || modelID == "" {
		return translator.Price{}
	}
	return t.Price(modelID, name)
}

// Decode translates a request for the target. An error is always a *translator.Error.
// With an error the call is nil, unless the error is Allow's.
func (t *Target) Decode(d translator.Dialect, req translator.Request) (*translator.Call, error) {
	req.DefaultModel, req.Defaults = t.DefaultModel, t.Defaults
	call, err := d.Decode(req)
	if err != nil || t.Allow == nil {
		return call, err
	}
	return call, t.Allow(call.Model)
}

// AddNames adds the models that there are to the hint of an error about a model that does not
// exist. An alias of one that does not exist is the operator's to correct.
func (t *Target) AddNames(e *translator.Error, model string) {
	if !e.UnknownModel || t.Names == nil {
		return
	}
	if alias, _ := t.Defaults.Models.Find(model); alias == "" {
		e.Hint = strings.TrimSpace(e.Hint + " " + translator.ModelList(t.Names()))
	}
}

// A Backend sends translated calls to Bedrock. Implementations are safe for
// concurrent use. Errors are *translator.Error with Facts, except that a call whose
// context ended may return any error. Facts are valid with an error, too.
type Backend interface {
	// Converse returns the body of Bedrock's 2xx reply, unchanged. It also makes calls that
	// count tokens.
	Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error)
	// ConverseStream returns when the first event has arrived. One goroutine must
	// range over the sequence exactly once; leaving the loop closes the stream. It
	// yields events in order. It ends after messageStop and the metadata that follows
	// it, or with one error: a stream without messageStop never ends without one.
	ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error)
}
