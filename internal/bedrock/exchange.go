package bedrock

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/traits"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"bedrock-extproc/translator"
)

const (
	// maxReply bounds a whole reply; images and documents come in base64.
	maxReply = 64 << 20
	// firstReply bounds what is set aside on the word of a Content-Length.
	firstReply = 1 << 20
	// maxErrorBody bounds the body of an error, which is one sentence.
	maxErrorBody = 1 << 20
)

// invocationID is the header by which AWS knows the attempts of one call.
const invocationID = "Amz-Sdk-Invocation-Id"

// An exchange is one HTTP call through the SDK's client, and the place where the
// SDK's types are stepped around. To the client it is
//
//   - the protocol ([smithyhttp.ClientProtocol]): the request's path and headers
//     are written from an input that holds the model id alone, the body is the
//     caller's bytes, a 2xx body is kept as bytes, and errors stay the SDK's;
//   - the HTTP client: it counts and sees each answer's status and headers.
//
// It belongs to one attempt of a call.
type exchange struct {
	*restjson1.Protocol
	run     *run
	backend *Backend
	ctx     context.Context // of the attempt: its cause explains an early end
	cancel  context.CancelCauseFunc
	caller  translator.Caller
	own     *ownCredentials // for a caller without keys
	body    []byte

	facts  translator.Facts
	status int // 0 while there is no answer
	// wrongTime says that the signature's time was wrong, which is mended by now.
	wrongTime bool
	header    http.Header
	reply     []byte        // a whole 2xx answer
	stream    io.ReadCloser // the body of a 2xx answer to ConverseStream
	length    int64         // of that body, -1 when it is not known
	events    *stream       // that is read from it
}

// converse gets the whole answer.
func (x *exchange) converse() error {
	defer after(x.backend.limits.Reply, waitReply, x.cancel)()
	_, err := x.backend.client.Converse(x.ctx, &bedrockruntime.ConverseInput{ModelId: &x.facts.ModelID}, x.configure)
	if err != nil {
		return err
	}
	return checkReply(x.reply)
}

// converseStream gets the first event.
func (x *exchange) converseStream() error {
	defer after(x.backend.limits.FirstEvent, waitFirstEvent, x.cancel)()
	_, err := x.backend.client.ConverseStream(x.ctx, &bedrockruntime.ConverseStreamInput{ModelId: &x.facts.ModelID}, x.configure, x.keepStream)
	if err != nil {
		return err
	}
	x.events = newStream(x)
	if err := x.events.open(); err != nil {
		_ = x.stream.Close()
		return err
	}
	return nil
}

// configure is the functional option of the SDK's call.
func (x *exchange) configure(o *bedrockruntime.Options) {
	o.Protocol = x
	o.HTTPClient = x
	if x.run.invocation != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(invocationID, x.run.invocation))
	}
	if !x.caller.HasKeys() {
		o.Credentials = x.own
		return
	}
	o.Credentials = callerKeys(x.caller)
	// A bearer token in the sidecar's environment must not answer for a caller.
	o.AuthSchemePreference = []string{"sigv4"}
	o.Region = x.facts.Region
}

// keepStream is the option that takes an event stream away from the SDK's reader,
// which loses the difference between an end and a cut.
func (x *exchange) keepStream(o *bedrockruntime.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		_, err := stack.Deserialize.Swap(streamKeeper{}.ID(), streamKeeper{x})
		return err
	})
}

// SerializeRequest implements [smithyhttp.ClientProtocol]: the operation's path with
// the model id in it, and the caller's bytes. What [restjson1.Protocol] does to the
// same end costs a tenth of a call.
func (x *exchange) SerializeRequest(_ context.Context, op *smithy.OperationSchema, _ smithy.Serializable, req *smithyhttp.Request) error {
	binding, ok := smithy.SchemaTrait[*traits.HTTP](op.Schema)
	if !ok {
		return fmt.Errorf("%s is bound to no path", op.ID())
	}
	start, end, ok := strings.Cut(binding.URI, "{modelId}")
	if !ok {
		return fmt.Errorf("%s: no model id in %s", op.ID(), binding.URI)
	}
	req.Method = binding.Method
	req.URL.Path = start + x.facts.ModelID + end
	req.URL.RawPath = start + httpbinding.EscapePath(x.facts.ModelID, true) + end
	req.Header.Set("Content-Type", "application/json")
	withBody, err := req.SetStream(bytes.NewReader(x.body))
	if err != nil {
		return fmt.Errorf("set the request's body: %w", err)
	}
	*req = *withBody
	return nil
}

// DeserializeResponse implements [smithyhttp.ClientProtocol].
func (x *exchange) DeserializeResponse(ctx context.Context, op *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		resp.Body = cappedBody{io.LimitReader(resp.Body, maxErrorBody), resp.Body}
		return x.Protocol.DeserializeResponse(ctx, op, types, resp, out)
	}
	if op.IsOutputEventStream() {
		return nil
	}
	var err error
	x.reply, err = readReply(resp.Body, resp.ContentLength)
	return err
}

// Do implements [bedrockruntime.HTTPClient].
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	x.facts.Attempts++
	x.run.invocation = req.Header.Get(invocationID)
	x.status, x.header = 0, nil
	// The SDK closes its body as soon as it has an answer, under the hands of a
	// transport that may still read it and then drops the connection.
	req.Body = io.NopCloser(bytes.NewReader(x.body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.body)), nil }
	req.ContentLength = int64(len(x.body))
	// After signing, so that a proxy may change it.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := x.backend.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.status, x.header = resp.StatusCode, resp.Header
	x.wrongTime = x.backend.clock.learn(resp.StatusCode, resp.Header)
	x.facts.AWSRequestID = resp.Header.Get("X-Amzn-Requestid")
	return resp, nil
}

// A streamKeeper stands in for the SDK's reader of event streams.
type streamKeeper struct{ x *exchange }

// ID implements [middleware.DeserializeMiddleware].
func (streamKeeper) ID() string { return "OperationEventStreamDeserializer" }

// HandleDeserialize implements [middleware.DeserializeMiddleware].
func (k streamKeeper) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	switch {
	case ok && err != nil:
		_ = resp.Body.Close() // nobody else does for streams
	case ok:
		k.x.stream, k.x.length = resp.Body, resp.ContentLength
	}
	return out, md, err
}

// cappedBody reads a bounded part of a body and closes all of it.
type cappedBody struct {
	io.Reader
	io.Closer
}

// readReply reads a whole reply of the given length, -1 when it is not known.
func readReply(body io.Reader, length int64) ([]byte, error) {
	if length > maxReply {
		return nil, badAnswer("Bedrock's answer is too large.", nil)
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(max(length, 0), firstReply)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(body, maxReply+1))
	switch {
	case err != nil:
		e := badAnswer("The connection to Bedrock broke off in the middle of its answer.", err)
		e.Retryable = true
		return nil, e
	case n > maxReply:
		return nil, badAnswer("Bedrock's answer is too large.", nil)
	}
	return buf.Bytes(), nil
}

// checkReply refuses what cannot be Converse's JSON object. The rest of it is
// for the dialect to judge.
func checkReply(reply []byte) error {
	reply = bytes.TrimSpace(reply)
	if len(reply) == 0 {
		return emptyAnswer(nil)
	}
	if len(reply) < 2 || reply[0] != '{' || reply[len(reply)-1] != '}' {
		return badAnswer("Bedrock's answer is not a JSON object.", nil)
	}
	return nil
}
