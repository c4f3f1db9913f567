package converseapi

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/traits"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// Bounds of what an error of AWS consists of, in bytes. Its message is a sentence or a
// few; its name and the request's id have less than 100.
const (
	maxErrorBody = 64 << 10
	maxMessage   = 4 << 10
	maxErrorName = 256
)

// invocationID is the header of Facts.InvocationID.
const invocationID = "Amz-Sdk-Invocation-Id"

// An attempt is one HTTP call through the SDK's client, and the seam at which the
// SDK's types for messages are avoided. To the client it is
//
//   - the protocol ([smithyhttp.ClientProtocol]): it writes path and headers, sends
//     Request.Body, keeps a 2xx body as bytes, and leaves errors to the SDK;
//   - the HTTP client: it records the answer's status and headers.
type attempt struct {
	*restjson1.Protocol
	client  *Client
	request Request

	facts      Facts
	sentAt     time.Time
	status     int // 0 while there is no answer
	header     http.Header
	reply      []byte        // a whole 2xx answer
	streamBody io.ReadCloser // of a 2xx answer to ConverseStream
	streamLen  int64         // of streamBody, -1 if unknown
}

func (c *Client) newAttempt(r Request) *attempt {
	return &attempt{Protocol: c.protocol, client: c, request: r}
}

// configureCall is the functional option of the SDK's call.
func (a *attempt) configureCall(o *bedrockruntime.Options) {
	o.Protocol = a
	o.HTTPClient = a
	o.Region = a.request.Region
	a.request.Principal.ConfigureCall(o)
	if a.request.InvocationID != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(invocationID, a.request.InvocationID))
	}
}

// configureStream is the option that replaces the SDK's reader of event streams, which
// does not distinguish a stream's end from a cut connection. Other operations have none.
func (a *attempt) configureStream(op *operation) func(*bedrockruntime.Options) {
	return func(o *bedrockruntime.Options) {
		if op != opConverseStream {
			return
		}
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			_, err := stack.Deserialize.Swap(streamKeeper{}.ID(), streamKeeper{a})
			return err
		})
	}
}

// SerializeRequest implements [smithyhttp.ClientProtocol]: the operation's path with
// the model id in it, and Request.Body. [restjson1.Protocol] would take a tenth of a
// call's time for the same.
func (a *attempt) SerializeRequest(_ context.Context, op *smithy.OperationSchema, _ smithy.Serializable, req *smithyhttp.Request) error {
	binding, ok := smithy.SchemaTrait[*traits.HTTP](op.Schema)
	if !ok {
		return fmt.Errorf("%s is bound to no path", op.ID())
	}
	start, end, ok := strings.Cut(binding.URI, "{modelId}")
	if !ok {
		return fmt.Errorf("%s: no model id in %s", op.ID(), binding.URI)
	}
	req.Method = binding.Method
	req.URL.Path = start + a.request.ModelID + end
	req.URL.RawPath = start + httpbinding.EscapePath(a.request.ModelID, true) + end
	req.Header.Set("Content-Type", "application/json")
	withBody, err := req.SetStream(bytes.NewReader(a.request.Body))
	if err != nil {
		return fmt.Errorf("set the request's body: %w", err)
	}
	*req = *withBody
	return nil
}

// DeserializeResponse implements [smithyhttp.ClientProtocol].
func (a *attempt) DeserializeResponse(ctx context.Context, op *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body := bufio.NewReader(io.LimitReader(resp.Body, maxErrorBody))
		resp.Body = cappedBody{body, resp.Body}
		if resp.StatusCode == http.StatusBadRequest && cause.IsFromTLSPort(body) {
			return cause.ErrTLSPort
		}
		return a.Protocol.DeserializeResponse(ctx, op, types, resp, out)
	}
	if op.IsOutputEventStream() {
		return nil
	}
	return a.readWhole(resp.Response)
}

// readWhole reads a whole 2xx answer. After an error the SDK reads the body to its end, so
// it gets one.
func (a *attempt) readWhole(resp *http.Response) (err error) {
	resp.Body = cappedBody{io.LimitReader(resp.Body, translator.MaxAnswer+1), resp.Body}
	a.reply, err = readReply(resp.Body, resp.ContentLength)
	return err
}

// Do implements [bedrockruntime.HTTPClient]. The SDK calls it at most once.
func (a *attempt) Do(req *http.Request) (*http.Response, error) {
	a.facts.Sent, a.sentAt = true, time.Now()
	a.facts.InvocationID = req.Header.Get(invocationID)
	// The SDK closes its own body as soon as an answer is there. A transport that
	// still reads it would drop the connection.
	req.Body = newBody(a.request.Body)
	req.GetBody = func() (io.ReadCloser, error) { return newBody(a.request.Body), nil }
	req.ContentLength = int64(len(a.request.Body))
	// Set after signing, so that a proxy may change it.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := a.client.cfg.Transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	a.status, a.header = resp.StatusCode, resp.Header
	a.facts.AWSRequestID = translator.Clip(resp.Header.Get("X-Amzn-Requestid"), maxErrorName)
	a.facts.ClockCorrected = a.client.cfg.Auth.CorrectClock(resp.StatusCode, resp.Header)
	return resp, nil
}

// largeBody is the size from which a body is worth dropping early, in bytes.
const largeBody = 64 << 10

// newBody is the body of a request. The transport keeps it as long as a stream
// lives, so a large one drops its bytes when it is closed. A small one is a type that
// net/http knows, and sends together with the headers.
func newBody(body []byte) io.ReadCloser {
	if len(body) < largeBody {
		return io.NopCloser(bytes.NewReader(body))
	}
	b := &droppedBody{}
	b.reader.Store(bytes.NewReader(body))
	return b
}

// A droppedBody drops its bytes when it is closed. Read and Close may be called
// concurrently.
type droppedBody struct{ reader atomic.Pointer[bytes.Reader] }

// Read implements [io.Reader].
func (b *droppedBody) Read(p []byte) (int, error) {
	if r := b.reader.Load(); r != nil {
		return r.Read(p)
	}
	return 0, io.EOF
}

// Close implements [io.Closer].
func (b *droppedBody) Close() error {
	b.reader.Store(nil)
	return nil
}

// recordWait records that the answer, or the first part of it, is there.
func (a *attempt) recordWait() {
	if a.facts.Sent {
		a.facts.Wait = time.Since(a.sentAt)
	}
}

// failed returns the facts of an attempt that has just failed.
func (a *attempt) failed() Facts {
	a.facts.RetryAfter = retryAfter(a.header)
	return a.facts
}

// A streamKeeper replaces the SDK's reader of event streams.
type streamKeeper struct{ a *attempt }

// ID implements [middleware.DeserializeMiddleware].
func (streamKeeper) ID() string { return "OperationEventStreamDeserializer" }

// HandleDeserialize implements [middleware.DeserializeMiddleware].
func (k streamKeeper) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	switch {
	case ok && err != nil:
		_ = resp.Body.Close() // nothing else closes a stream's
	case ok:
		k.a.streamBody, k.a.streamLen = resp.Body, resp.ContentLength
	}
	return out, md, err
}

// cappedBody reads a bounded part of a body; Close closes the body itself.
type cappedBody struct {
	io.Reader
	io.Closer
}
