package bedrock

import (
	"context"
	"iter"

	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/converseapi"
	"bedrock-extproc/translator"
)

// A Backend sends calls to one region or endpoint, and to its fallbacks when that
// fails before the first byte of an answer. It is safe for concurrent use.
//
// Errors of its methods are *translator.Error with Facts filled in, except that the
// error of a call whose context has ended wraps the context's cause.
type Backend struct {
	name         string
	region       string
	residency    string
	defaultModel string
	models       translator.Aliases
	mode         ServerCredentials
	retry        Retry
	limits       Limits
	route        []*Backend // itself, then its fallbacks
	coolDowns    *coolDowns // of all backends
	auth         *awsauth.Authenticator
	client       *converseapi.Client
	log          *zap.Logger
}

// Name is the configured name.
func (b *Backend) Name() string { return b.name }

// Region is the region of calls whose caller names none.
func (b *Backend) Region() string { return b.region }

// DefaultModel is used when a request names no model.
func (b *Backend) DefaultModel() string { return b.defaultModel }

// Models are the names that clients may ask for, and what they stand for here.
func (b *Backend) Models() translator.Aliases { return b.models }

// Converse returns Bedrock's reply as [converseapi.Client.Converse] does, or as
// [converseapi.Client.CountTokens] does for a call that counts.
func (b *Backend) Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error) {
	d := b.newDispatch(ctx, call, caller)
	defer d.release()
	var reply []byte
	facts, err := d.run(func(ctx context.Context, c *converseapi.Client, r converseapi.Request) (f converseapi.Facts, err error) {
		if call.CountTokens {
			reply, f, err = c.CountTokens(ctx, r)
		} else {
			reply, f, err = c.Converse(ctx, r)
		}
		return f, err
	})
	if call.CountBase {
		err = converseapi.NoCount(err)
	}
	return reply, facts, err
}

// ConverseStream returns Bedrock's events as [converseapi.Client.ConverseStream] does:
// when the first one is there, and as a sequence that must be ranged over exactly
// once. An error in the sequence has the facts that are returned beside it.
func (b *Backend) ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
	d := b.newDispatch(ctx, call, caller)
	var events iter.Seq2[translator.Event, error]
	facts, err := d.run(func(ctx context.Context, c *converseapi.Client, r converseapi.Request) (f converseapi.Facts, err error) {
		events, f, err = c.ConverseStream(ctx, r)
		return f, err
	})
	if err != nil {
		d.release()
		return nil, facts, err
	}
	return func(yield func(translator.Event, error) bool) {
		defer d.release()
		for ev, err := range events {
			if err != nil {
				d.logCause(b, err)
			}
			if !yield(ev, withFacts(err, facts)) {
				return
			}
		}
	}, facts, nil
}

// withFacts fills in the facts of an error for the client.
func withFacts(err error, facts translator.Facts) error {
	if e, ok := err.(*translator.Error); ok { //nolint:errorlint // an error that err wraps is not ours to write to
		e.Facts = facts
	}
	return err
}
