package bedrock

import (
	"cmp"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// pingTimeout is how long an HTTP/2 ping may go unanswered.
const pingTimeout = 15 * time.Second

// newTransport returns the connections that all backends share. The SDK's settings
// are its basis: the environment's proxy, AWS_CA_BUNDLE, TLS 1.2. It has no limit on a
// whole call, because a stream may take long.
func newTransport(cfg aws.Config, t Transport) *http.Transport {
	base, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		base = awshttp.NewBuildableClient()
	}
	base = base.WithDialerOptions(func(d *net.Dialer) {
		d.Timeout = limit(t.DialTimeout, 5*time.Second)
	})
	tr := base.GetTransport()
	tr.MaxIdleConns = 0
	tr.MaxIdleConnsPerHost = cmp.Or(t.MaxIdleConnsPerHost, 1024)
	tr.MaxConnsPerHost = max(t.MaxConnsPerHost, 0)
	tr.IdleConnTimeout = limit(t.IdleConnTimeout, 90*time.Second)
	tr.TLSHandshakeTimeout = limit(t.TLSHandshakeTimeout, 5*time.Second)
	tr.ForceAttemptHTTP2 = true
	tr.HTTP2 = &http.HTTP2Config{SendPingTimeout: limit(t.PingAfter, 30*time.Second), PingTimeout: pingTimeout}
	// A compressed event stream would arrive in bursts.
	tr.DisableCompression = true
	return tr
}

// limit is d, otherwise if d is 0, and 0 (no limit to net/http) if d is negative.
func limit(d, otherwise time.Duration) time.Duration { return max(cmp.Or(d, otherwise), 0) }
