package converseapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/translator"
)

// A Config describes a Client. Auth and Transport are required.
type Config struct {
	Auth *awsauth.Authenticator
	// Transport makes the HTTP calls. It must not follow redirects.
	Transport http.RoundTripper
	// EndpointURL "" means the SDK's rules: the environment, the profile, or the
	// region's public endpoint.
	EndpointURL string
	// FIPS and DualStack choose a public endpoint. false leaves the choice to the
	// environment.
	FIPS      bool
	DualStack bool
	// AppID is added to the User-Agent, as "name/version" or "name". "" adds nothing.
	AppID string
	// FirstEvent, Reply and Silence bound the wait for a stream's first event, for a
	// whole reply, and for each further event. 0 or less means no limit.
	FirstEvent time.Duration
	Reply      time.Duration
	Silence    time.Duration
}

// A Client calls Bedrock at one endpoint. It is safe for concurrent use.
//
// Errors of its methods are *translator.Error without Facts. If the call's context
// has ended, they wrap its cause instead, see EndError.
type Client struct {
	cfg      Config
	sdk      *bedrockruntime.Client
	protocol *restjson1.Protocol
	requests preparedRequests
}

// New returns a Client. It makes no network call.
func New(cfg Config) *Client {
	sdk := bedrockruntime.NewFromConfig(cfg.Auth.Config(), cfg.chooseEndpoint, cfg.Auth.ConfigureClient, func(o *bedrockruntime.Options) {
		o.APIOptions = append(o.APIOptions, removeUnusedSteps)
		if name, version, ok := strings.Cut(cfg.AppID, "/"); ok {
			o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKeyValue(name, version))
		} else if name != "" {
			o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey(name))
		}
	})
	return &Client{cfg: cfg, sdk: sdk, protocol: restjson1.New(nil)}
}

func (cfg *Config) chooseEndpoint(o *bedrockruntime.Options) {
	if cfg.EndpointURL != "" {
		o.BaseEndpoint = &cfg.EndpointURL
	}
	if cfg.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if cfg.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
}

// CheckBearerToken reports a bearer token that is not set, or that would be sent
// unencrypted.
func (c *Client) CheckBearerToken() error {
	return c.cfg.Auth.CheckBearerToken(c.sdk.Options().BaseEndpoint)
}

// HasOwnEndpoint reports whether the configuration or the environment names the
// endpoint. Otherwise it is AWS's.
func (c *Client) HasOwnEndpoint() bool { return c.sdk.Options().BaseEndpoint != nil }

// A Request is what one attempt sends.
type Request struct {
	// Principal signs the request, for Region.
	Principal awsauth.Principal
	Region    string
	ModelID   string
	// Body is the JSON of a Converse request. It is not modified, and callers must not
	// modify it before the answer has come.
	Body []byte
	// InvocationID is Facts.InvocationID of an earlier attempt at the same call, ""
	// for the first.
	InvocationID string
}

// Facts describe an attempt, apart from its answer.
type Facts struct {
	// Sent says that an HTTP request was made.
	Sent bool
	// InvocationID is the id by which AWS knows all attempts at one call. "" if none
	// was sent.
	InvocationID string
	// AWSRequestID is the answer's x-amzn-RequestId.
	AWSRequestID string
	// Wait is the time from the HTTP request to its answer: the whole one, or the first
	// event of a stream. 0 if none was sent.
	Wait time.Duration
	// RetryAfter is how long a failed attempt's answer asks to wait, 0 if it does not.
	RetryAfter time.Duration
	// ClockCorrected says that the signature's time was wrong; the next one's will be
	// right.
	ClockCorrected bool
}

// Converse returns the body of a 2xx reply as it came. It is only checked to begin
// and end like a JSON object.
func (c *Client) Converse(ctx context.Context, r Request) ([]byte, Facts, error) {
	return c.whole(ctx, r, opConverse)
}

// CountTokens is Converse for the operation CountTokens: Request.Body is its JSON.
func (c *Client) CountTokens(ctx context.Context, r Request) ([]byte, Facts, error) {
	return c.whole(ctx, r, opCountTokens)
}

// whole makes one attempt at an operation without a stream.
func (c *Client) whole(ctx context.Context, r Request, op *operation) ([]byte, Facts, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer CancelAfter(c.cfg.Reply, "the whole answer", cancel)()
	a := c.newAttempt(r)
	err := a.do(ctx, op)
	a.recordWait()
	if err == nil {
		err = checkReply(a.reply)
	}
	if err != nil {
		return nil, a.failed(), a.clientError(ctx, err)
	}
	return a.reply, a.facts, nil
}

// ConverseStream returns when the first event is there, so that an earlier failure
// keeps its own HTTP status. The sequence must be ranged over exactly once, by one
// goroutine; leaving the loop closes the stream, and so does the end of ctx. It ends
// after messageStop and the metadata that follows it, or with one error.
func (c *Client) ConverseStream(ctx context.Context, r Request) (iter.Seq2[translator.Event, error], Facts, error) {
	a := c.newAttempt(r)
	attemptCtx, cancel := context.WithCancelCause(ctx)
	s := &stream{attempt: a, callCtx: ctx, ctx: attemptCtx, cancel: cancel}
	err := s.open()
	a.recordWait()
	if err != nil {
		defer cancel(errStreamOver)
		return nil, a.failed(), a.clientError(attemptCtx, err)
	}
	a.request.Body = nil // a stream may live for an hour
	return s.events, a.facts, nil
}

// errStreamOver is the cause with which a stream's context ends.
var errStreamOver = errors.New("the stream is over")
