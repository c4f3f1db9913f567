package converseapi

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/encoding/httpbinding"
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

// A preparedRequest is what all requests of an operation to one region have in common, as
// the SDK made it: endpoint, headers, and the scope of the signature. It is immutable.
//
// The SDK's stack of some twenty steps gives the same result for each call and takes
// a fifth of the CPU of a small one. TestPreparedRequests compares the bytes on the wire.
type preparedRequest struct {
	method  string
	url     *url.URL
	path    around // in url.Path
	rawPath around // in url.RawPath
	header  http.Header

	// Of the signature; service is "" for a request with a bearer token. simplePath says that
	// the signature covers the path as it is sent, which is otherwise escaped once more.
	service, region string
	simplePath      bool
}

// around is what precedes and follows the model id in a path.
type around struct{ before, after string }

// preparedKey is everything that a preparedRequest depends on, besides the client.
type preparedKey struct {
	operation    string
	region       string
	callerSigned bool
}

// maxPrepared bounds the requests that a client keeps: callers may choose regions. Beyond
// it the client begins again, so that nobody can keep the regions of others out.
const maxPrepared = 64

// preparedRequests are those of one client. They are safe for concurrent use.
type preparedRequests struct {
	max int // 0 prepares none

	known atomic.Pointer[map[preparedKey]*preparedRequest]
	mu    sync.Mutex // of writers
}

// prepared returns what to send, or nil if the SDK has to make the request, because it has a
// token that may change.
func (c *Client) prepared(op *operation, r *Request) *preparedRequest {
	key := preparedKey{op.name, r.Region, r.Principal.IsCaller()}
	if known := c.requests.known.Load(); known != nil {
		if p, ok := (*known)[key]; ok {
			return p
		}
	}
	return c.prepare(key, op, r)
}

// prepare adds a request to the known ones: also nil, which an error of the SDK means here.
func (c *Client) prepare(key preparedKey, op *operation, r *Request) *preparedRequest {
	set := &c.requests
	if set.max == 0 {
		return nil
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	known := map[preparedKey]*preparedRequest{}
	if old := set.known.Load(); old != nil && len(*old) < set.max {
		known = maps.Clone(*old)
	}
	known[key] = c.record(op, r)
	set.known.Store(&known)
	return known[key]
}

// anyModel stands for the model id in the path that a requestRecorder gets. Escaping does
// not change it.
const anyModel = "any-model"

// errRecorded ends a call of which only the request is of interest.
var errRecorded = errors.New("the request is recorded")

// record lets the SDK make a request up to its signature, or with its bearer token.
func (c *Client) record(op *operation, r *Request) *preparedRequest {
	template := *r
	template.ModelID, template.Body, template.InvocationID = anyModel, nil, ""
	recorder := &requestRecorder{fixedToken: c.cfg.Auth.HasFixedToken()}
	_ = op.call(context.Background(), c.sdk, anyModel, c.newAttempt(template).configureCall, recorder.configureCall)
	return recorder.request
}

// A requestRecorder is the last step of an SDK's call: it takes the place of the signer, or of
// the HTTP client for a request with a bearer token, which is recorded if it is fixed.
type requestRecorder struct {
	fixedToken bool
	request    *preparedRequest // nil for none
}

func (rec *requestRecorder) configureCall(o *bedrockruntime.Options) {
	o.Credentials = anyKeys
	o.HTTPClient = rec
	o.AuthSchemes = slices.Clone(o.AuthSchemes)
	for i, scheme := range o.AuthSchemes {
		if scheme.SchemeID() == auth.SchemeIDSigV4 {
			o.AuthSchemes[i] = recordedScheme{scheme, rec}
		}
	}
}

// anyKeys are credentials of a call that does not use them. The SDK would add the source of
// its own static ones to the User-Agent.
var anyKeys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "any", SecretAccessKey: "any"}, nil
})

// recordedScheme is an authentication scheme whose signer is a recorder.
type recordedScheme struct {
	smithyhttp.AuthScheme
	recorder *requestRecorder
}

// Signer implements [smithyhttp.AuthScheme].
func (s recordedScheme) Signer() smithyhttp.Signer { return s.recorder }

// SignRequest implements [smithyhttp.Signer].
func (rec *requestRecorder) SignRequest(_ context.Context, r *smithyhttp.Request, _ auth.Identity, props smithy.Properties) error {
	p := newPrepared(r.Request)
	p.service, _ = smithyhttp.GetSigV4SigningName(&props)
	p.region, _ = smithyhttp.GetSigV4SigningRegion(&props)
	p.simplePath, _ = smithyhttp.GetDisableDoubleEncoding(&props)
	rec.request = p
	return errRecorded
}

// Do implements [bedrockruntime.HTTPClient].
func (rec *requestRecorder) Do(r *http.Request) (*http.Response, error) {
	if rec.fixedToken {
		rec.request = newPrepared(r)
	}
	return nil, errRecorded
}

// newPrepared takes over what requests have in common with one for anyModel.
func newPrepared(r *http.Request) *preparedRequest {
	p := &preparedRequest{method: r.Method, url: r.URL, header: r.Header.Clone()}
	p.header.Del(invocationID)
	p.path.before, p.path.after, _ = strings.Cut(r.URL.Path, anyModel)
	p.rawPath.before, p.rawPath.after, _ = strings.Cut(r.URL.RawPath, anyModel)
	return p
}

// build returns the request of an attempt, without its body, which [attempt.Do] adds.
func (p *preparedRequest) build(ctx context.Context, a *attempt) (*http.Request, error) {
	r := &a.request
	at := *p.url
	at.Path = p.path.before + r.ModelID + p.path.after
	at.RawPath = p.rawPath.before + httpbinding.EscapePath(r.ModelID, true) + p.rawPath.after
	req := (&http.Request{
		Method: p.method, URL: &at, Header: p.header.Clone(), ContentLength: int64(len(r.Body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	req.Header[invocationID] = []string{cmp.Or(r.InvocationID, newInvocationID())}
	if p.service == "" {
		return req, nil
	}
	return req, p.sign(ctx, a, req)
}

func (p *preparedRequest) sign(ctx context.Context, a *attempt, req *http.Request) error {
	creds, err := a.request.Principal.Retrieve(ctx)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(a.request.Body)
	err = a.client.cfg.Auth.Sign(ctx, creds, req, hex.EncodeToString(hash[:]), p.service, p.region, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = p.simplePath
	})
	if err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}

// newInvocationID returns a random UUID, as the SDK does.
func newInvocationID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// do makes the attempt's HTTP call, with a prepared request if there is one. A 2xx answer to
// a stream is in a.streamBody and a.streamLen, any other one in a.reply; errors are those of
// the SDK, or like them.
func (a *attempt) do(ctx context.Context, op *operation) error {
	p := a.client.prepared(op, &a.request) //nolint:contextcheck // it is for later calls, too
	if p == nil {
		return op.call(ctx, a.client.sdk, a.request.ModelID, a.configureCall, a.configureStream(op))
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

// readError lets the SDK read an answer that is an error.
func (a *attempt) readError(ctx context.Context, op *operation, resp *http.Response) error {
	return op.call(ctx, a.client.sdk, a.request.ModelID, a.configureCall, a.configureStream(op), func(o *bedrockruntime.Options) {
		o.Credentials = anyKeys
		o.HTTPClient = answered{resp}
	})
}

// answered is the SDK's HTTP client when the answer is there already.
type answered struct{ resp *http.Response }

// Do implements [bedrockruntime.HTTPClient].
func (a answered) Do(*http.Request) (*http.Response, error) { return a.resp, nil }
