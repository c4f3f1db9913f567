package bedrocktest

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"
)

// PlainBody is an HTTP client of the SDK. It hides WriteTo of smithy's request body, which
// makes net/http break the connection if the response is fast.
type PlainBody struct{ Client bedrockruntime.HTTPClient }

// Do implements [bedrockruntime.HTTPClient].
func (p PlainBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		again := *r
		again.Body = struct {
			io.Reader
			io.Closer
		}{r.Body, r.Body}
		r = &again
	}
	return p.Client.Do(r)
}

// OwnProtocol is the option of a call that gives it its own codec, because the one that a
// client's calls share has a data race between streams.
func OwnProtocol(o *bedrockruntime.Options) { o.Protocol = restjson1.New(nil) }
