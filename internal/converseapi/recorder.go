package converseapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/auth"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

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
	_ = c.newAttempt(template).callSDK(context.Background(), op, recorder.configureCall)
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
