package extproc

import (
	"context"
	"iter"

	"bedrock-extproc/translator"
)

// Backends chooses who answers a call. Implementations are safe for concurrent
// use and may change between two calls.
type Backends interface {
	// Choose returns the backend of that name, or the default one for "", for a call
	// of that origin, of which nothing may be kept. An error is always a
	// *translator.Error.
	Choose(name string, origin Origin) (Backend, error)
}

// A Backend sends translated calls to Bedrock. Implementations are safe for
// concurrent use. Errors are *translator.Error with Facts filled in, except
// that a call whose context ended may return any error. Facts are valid beside
// an error too.
type Backend interface {
	// DefaultModel is used when a request names no model.
	DefaultModel() string
	// Defaults are added to requests.
	Defaults() translator.Defaults
	// Converse returns the body of Bedrock's 2xx reply as it came.
	Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error)
	// ConverseStream returns once the first event is there. The sequence must be
	// ranged over exactly once, by one goroutine; leaving the loop closes
	// the stream. It yields events in order, and ends after messageStop
	// and the metadata that follows it, or with one error: a stream without
	// messageStop never ends in silence.
	ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error)
}
