package bedrock

import (
	"context"
	"iter"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"
	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// A Backend sends calls to one region or endpoint, and to its fallbacks when that
// fails before the first byte of an answer. It is safe for concurrent use.
//
// Errors of its methods are *translator.Error with Facts filled in, except that
// the error of a call whose context ended wraps the context's cause.
type Backend struct {
	name         string
	region       string
	residency    string
	defaultModel string
	models       map[string]string
	mode         ServerCredentials
	own          owner
	retry        Retry
	limits       Limits
	route        []*Backend // itself, then its fallbacks
	cooling      *cooling
	clock        clock
	client       *bedrockruntime.Client
	protocol     *restjson1.Protocol
	transport    http.RoundTripper
	log          *zap.Logger
}

// Name is the configured name.
func (b *Backend) Name() string { return b.name }

// Region is where calls go that bring no region of their own.
func (b *Backend) Region() string { return b.region }

// DefaultModel is used when a request names no model.
func (b *Backend) DefaultModel() string { return b.defaultModel }

// Models are the names that clients may ask for, and what they stand for here. The
// map is read-only.
func (b *Backend) Models() map[string]string { return b.models }

// Converse returns the body of Bedrock's 2xx reply as it came: a JSON object, or
// what looks like one from its ends.
func (b *Backend) Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error) {
	x, err := b.run(ctx, call, caller, (*exchange).converse)
	if err != nil {
		return nil, x.facts, err
	}
	x.run.release()
	return x.reply, x.facts, nil
}

// ConverseStream returns once the first event is there, so that a failure before
// it keeps its own status. The sequence must be ranged over exactly once, by one
// goroutine; leaving the loop closes the stream, and so does the end of ctx. It
// ends after messageStop and the metadata that follows it, or with one error.
func (b *Backend) ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
	x, err := b.run(ctx, call, caller, (*exchange).converseStream)
	if err != nil {
		return nil, x.facts, err
	}
	return x.events.events, x.facts, nil
}

// prepare returns the exchange that the next attempt of a run will be, and what
// forbids it.
func (b *Backend) prepare(r *run) (*exchange, error) {
	x := &exchange{
		Protocol: b.protocol,
		run:      r,
		backend:  b,
		caller:   r.caller,
		body:     r.call.Body,
		facts: translator.Facts{
			Backend: b.name, ModelID: b.modelFor(r.asked, r.call.Model), Attempts: r.made,
		},
	}
	x.ctx, x.cancel = context.WithCancelCause(r.ctx)
	if len(x.body) == 0 {
		x.body = []byte("{}")
	}
	var err error
	if x.facts.Region, err = b.regionFor(x.caller); err != nil {
		return x, err
	}
	switch {
	case x.facts.ModelID == "":
		return x, invalid("model", "The request names no model, and the backend has no default one.")
	case !x.caller.HasKeys() && b.mode == ServerNever:
		return x, missingCredentials("The request carries no AWS credentials, and the sidecar's own are not for its callers.")
	}
	if !x.caller.HasKeys() {
		if x.own, err = b.own.of(x.caller); err != nil {
			return x, err
		}
	}
	return x, CheckModelRegion(x.facts.ModelID, x.facts.Region)
}

// regionFor is the region that a caller's calls go to: the backend's, unless the
// caller has keys and names another, and may.
func (b *Backend) regionFor(caller translator.Caller) (string, error) {
	switch {
	case !caller.HasKeys() || caller.Region == "":
		return b.region, nil
	case !isRegion(caller.Region):
		return b.region, invalid("", "X-AWS-Region is not the name of an AWS region.")
	case b.residency != "" && caller.Region != b.region:
		return b.region, invalid("", "X-AWS-Region is not "+b.region+", and data of this backend may not go elsewhere.")
	}
	return caller.Region, nil
}
