package bedrock

import (
	"context"
	"iter"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"bedrock-extproc/translator"
)

// A Backend sends calls to one region or endpoint. It is safe for concurrent use.
//
// Errors of its methods are *translator.Error with Facts filled in, except that
// the error of a call whose context ended wraps the context's cause.
type Backend struct {
	name         string
	region       string
	defaultModel string
	mode         ServerCredentials
	client       *bedrockruntime.Client
	protocol     *restjson1.Protocol
	transport    http.RoundTripper
}

// Name is the configured name.
func (b *Backend) Name() string { return b.name }

// Region is where calls go that bring no region of their own.
func (b *Backend) Region() string { return b.region }

// DefaultModel is used when a request names no model.
func (b *Backend) DefaultModel() string { return b.defaultModel }

// Converse returns the body of Bedrock's 2xx reply as it came: a JSON object, or
// what looks like one from its ends.
func (b *Backend) Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error) {
	x, err := b.prepare(call, caller)
	if err != nil {
		return nil, x.facts, x.explain(ctx, err)
	}
	_, err = b.client.Converse(ctx, &bedrockruntime.ConverseInput{ModelId: &call.Model}, x.configure)
	if err == nil {
		err = checkReply(x.reply)
	}
	if err != nil {
		return nil, x.facts, x.explain(ctx, err)
	}
	return x.reply, x.facts, nil
}

// ConverseStream returns once the first event is there, so that a failure before
// it keeps its own status. The sequence must be ranged over exactly once, by one
// goroutine; leaving the loop closes the stream, and so does the end of ctx. It
// ends after messageStop and the metadata that follows it, or with one error.
func (b *Backend) ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
	x, err := b.prepare(call, caller)
	if err != nil {
		return nil, x.facts, x.explain(ctx, err)
	}
	streamCtx, cancel := context.WithCancelCause(ctx)
	_, err = b.client.ConverseStream(streamCtx, &bedrockruntime.ConverseStreamInput{ModelId: &call.Model}, x.configure, x.keepStream)
	if err != nil {
		err = x.explain(ctx, err)
		cancel(err)
		return nil, x.facts, err
	}
	s := newStream(ctx, x, cancel)
	if err := s.open(); err != nil {
		s.close()
		return nil, x.facts, err
	}
	return s.events, x.facts, nil
}

// prepare returns the exchange that a call will be, and what forbids it.
func (b *Backend) prepare(call *translator.Call, caller translator.Caller) (*exchange, error) {
	x := &exchange{
		Protocol:  b.protocol,
		transport: b.transport,
		caller:    caller,
		body:      call.Body,
		facts:     translator.Facts{Backend: b.name, Region: b.region, ModelID: call.Model},
	}
	if len(x.body) == 0 {
		x.body = []byte("{}")
	}
	switch {
	case call.Model == "":
		return x, invalid("model", "The request names no model, and the backend has no default one.")
	case caller.HasKeys() && caller.Region != "" && !isRegion(caller.Region):
		return x, invalid("", "X-AWS-Region is not the name of an AWS region.")
	case !caller.HasKeys() && b.mode == ServerNever:
		return x, missingCredentials("The request carries no AWS credentials, and the sidecar's own are not for its callers.")
	case caller.HasKeys() && caller.Region != "":
		x.facts.Region = caller.Region
	}
	return x, nil
}
