package converseapi

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An operation calls one operation of Bedrock Runtime through the SDK. Only the model id
// of its input is set: the attempt brings the body.
type operation struct {
	name string
	call func(ctx context.Context, c *bedrockruntime.Client, modelID string, options ...func(*bedrockruntime.Options)) error
}

var (
	opConverse = &operation{"Converse", func(ctx context.Context, c *bedrockruntime.Client, modelID string, options ...func(*bedrockruntime.Options)) error {
		_, err := c.Converse(ctx, &bedrockruntime.ConverseInput{ModelId: &modelID}, options...)
		return err
	}}
	opCountTokens = &operation{"CountTokens", func(ctx context.Context, c *bedrockruntime.Client, modelID string, options ...func(*bedrockruntime.Options)) error {
		_, err := c.CountTokens(ctx, &bedrockruntime.CountTokensInput{ModelId: &modelID}, options...)
		return err
	}}
	opConverseStream = &operation{"ConverseStream", func(ctx context.Context, c *bedrockruntime.Client, modelID string, options ...func(*bedrockruntime.Options)) error {
		_, err := c.ConverseStream(ctx, &bedrockruntime.ConverseStreamInput{ModelId: &modelID}, options...)
		return err
	}}
)

// do makes the attempt's HTTP call, with a prepared request if there is one. A 2xx answer to
// a stream is in a.streamBody and a.streamLen, any other one in a.reply; errors are those of
// the SDK, or like them.
func (a *attempt) do(ctx context.Context, op *operation) error {
	p := a.client.prepared(op, &a.request) //nolint:contextcheck // it is for later calls, too
	if p == nil {
		return a.callSDK(ctx, op)
	}
	req, err := p.build(ctx, a)
	if err != nil {
		return err
	}
	resp, err := a.Do(req)
	switch {
	case err != nil:
		return &smithyhttp.RequestSendError{Err: err}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return a.readError(ctx, op, resp)
	case op == opConverseStream:
		a.streamBody, a.streamLen = resp.Body, resp.ContentLength
		return nil
	}
	err = a.readWhole(resp)
	_ = resp.Body.Close() // it is read, or of no use
	return err
}

// callSDK makes the attempt with the SDK's client.
func (a *attempt) callSDK(ctx context.Context, op *operation, options ...func(*bedrockruntime.Options)) error {
	return op.call(ctx, a.client.sdk, a.request.ModelID, append([]func(*bedrockruntime.Options){a.configureCall, a.configureStream(op)}, options...)...)
}

// readError lets the SDK read an answer that is an error.
func (a *attempt) readError(ctx context.Context, op *operation, resp *http.Response) error {
	return a.callSDK(ctx, op, func(o *bedrockruntime.Options) {
		o.Credentials = anyKeys
		o.HTTPClient = answered{resp}
	})
}

// answered is the SDK's HTTP client when the answer is there already.
type answered struct{ resp *http.Response }

// Do implements [bedrockruntime.HTTPClient].
func (a answered) Do(*http.Request) (*http.Response, error) { return a.resp, nil }
