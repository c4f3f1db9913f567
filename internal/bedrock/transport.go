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

// newTransport returns the connections that all backends share. It starts from
// the SDK's settings, which bring the proxy of the environment, AWS_CA_BUNDLE and
// TLS 1.2. There is no limit on a whole call: a stream may last.
func newTransport(cfg aws.Config, t Transport) *http.Transport {
	base, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		base = awshttp.NewBuildableClient()
	}
	base = base.WithDialerOptions(func(d *net.Dialer) {
		d.Timeout = cmp.Or(t.DialTimeout, 5*time.Second)
	})
	tr := base.GetTransport()
	tr.MaxIdleConns = 0
	tr.MaxIdleConnsPerHost = cmp.Or(t.MaxIdleConnsPerHost, 1024)
	tr.MaxConnsPerHost = max(t.MaxConnsPerHost, 0)
	tr.IdleConnTimeout = max(cmp.Or(t.IdleConnTimeout, 90*time.Second), 0)
	tr.TLSHandshakeTimeout = cmp.Or(t.TLSHandshakeTimeout, 5*time.Second)
	tr.ForceAttemptHTTP2 = true
	tr.HTTP2 = &http.HTTP2Config{SendPingTimeout: max(cmp.Or(t.PingAfter, 30*time.Second), 0), PingTimeout: pingTimeout}
	// A compressed event stream comes in bursts.
	tr.DisableCompression = true
	return tr
}
