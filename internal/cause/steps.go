package cause

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
)

// A Class is the stable name of a step that fails. Clients see it as error.class.
type Class string

// The classes.
const (
	Credentials Class = "credentials"
	WebIdentity Class = "web_identity"
	STS         Class = "sts"
	DNS         Class = "dns"
	TLS         Class = "tls"
	Refused     Class = "refused"
	Unreachable Class = "unreachable"
	Timeout     Class = "timeout"
	Reset       Class = "reset"
	Proxy       Class = "proxy"
	Connection  Class = "connection"
)

// A Step is one way in which a step fails.
type Step struct {
	Class Class
	// Text says in plain words what went wrong. It names no address and nothing secret.
	Text string
	// Fix says what an operator can do.
	Fix string
	// Retryable says that the same call may succeed later without a change by the
	// operator.
	Retryable bool
}

// An entry is a Step and the errors that show it.
type entry struct {
	Step
	matches func(error) bool
}

const (
	checkProxy       = "Check HTTPS_PROXY and NO_PROXY of the sidecar."
	checkCertificate = "Check the endpoint and its certificate. AWS_CA_BUNDLE names a file with further authorities."
	checkNetwork     = "Check the region, the endpoint's address and port, and the network between the sidecar and it."
	checkHost        = "Check the region and the endpoint's host name, and the resolver of the sidecar's machine."
	checkRole        = "Check the role's ARN, its trust policy and the identity that assumes it."
	checkTokenFile   = "Check AWS_WEB_IDENTITY_TOKEN_FILE: the file must exist and be readable by the sidecar."
	giveCredentials  = "Give the sidecar a role (IRSA, EKS Pod Identity, an instance profile), AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK."
)

// The tables in the order in which they are asked, and in each the first entry that
// matches. The last one matches everything.
var (
	connecting = [][]entry{network, {other}}
	fetching   = [][]entry{aws, network, {noCredentials}}
)

// None is the step of an identity without any credentials.
var None = Step{Credentials, "no credentials are configured", giveCredentials, false}

// Rejected is the step of a call whose credentials Bedrock rejects.
var Rejected = Step{Credentials, "AWS rejected the credentials", giveCredentials, false}

var (
	other         = entry{Step{Connection, "the connection failed", checkNetwork, true}, always}
	noCredentials = entry{Step{Credentials, "the credentials could not be read", giveCredentials, false}, always}
)

// aws are the answers of AWS services that hand out credentials, and what they need.
var aws = []entry{
	{Step{Credentials, "the SSO session has expired", "Run aws sso login for the sidecar's profile.", false}, is[*ssocreds.InvalidTokenError]},
	{Step{WebIdentity, "the web identity token could not be read", checkTokenFile, false}, hasText("unable to read file at ")},
	{Step{Credentials, "a file with credentials could not be read", "Check that the sidecar can read the file that its log names.", false}, is[*fs.PathError]},
	{Step{STS, "STS cannot answer now", checkRole, true}, fromSTS(transient)},
	{Step{STS, "STS refused", checkRole, false}, fromSTS(always)},
	{Step{Credentials, "the service that has the credentials cannot answer now", giveCredentials, true}, refusedByAWS(transient)},
	{Step{Credentials, "the service that has the credentials refused", giveCredentials, false}, refusedByAWS(always)},
}

// network are the steps of a connection. A proxy comes first, because its errors wrap
// those of the connection to it.
var network = []entry{
	{Step{Proxy, "the HTTP proxy asks for a user name and password", checkProxy, false}, isProxy(http.StatusProxyAuthRequired, http.StatusProxyAuthRequired)},
	{Step{Proxy, "the HTTP proxy refused the connection", checkProxy, false}, isProxy(300, 499)},
	{Step{Proxy, "the HTTP proxy could not connect", checkProxy, true}, isProxy(0, 999)},
	{Step{Proxy, "the TLS handshake with the HTTP proxy failed", checkProxy, false}, both(toProxy, failedTLS)},
	{Step{Proxy, "the HTTP proxy could not be reached", checkProxy, true}, toProxy},

	{Step{DNS, "the host name is unknown", checkHost, false}, unknownHost},
	{Step{DNS, "the host name could not be resolved", checkHost, true}, is[*net.DNSError]},

	{Step{TLS, "the server's certificate is signed by an unknown authority", checkCertificate, false}, is[x509.UnknownAuthorityError]},
	{Step{TLS, "the server's certificate is for another host name", checkCertificate, false}, is[x509.HostnameError]},
	{Step{TLS, "the server's certificate has expired, or is not valid yet", checkCertificate, false}, expired},
	{Step{TLS, "the server answered in plain HTTP instead of TLS", "Use http:// for this endpoint, or the port that speaks TLS.", false}, plainHTTP},
	{Step{TLS, "the server speaks TLS, and was called in plain HTTP", "Use https:// for this endpoint.", false}, calledTLSPort},
	{Step{Timeout, "the TLS handshake took longer than the sidecar's limit", checkNetwork, true}, hasText("TLS handshake timeout")},
	{Step{TLS, "the TLS handshake failed", checkCertificate, false}, failedTLS},

	{Step{Timeout, "connecting took longer than the sidecar's limit", checkNetwork, true}, slowDial},
	{Step{Refused, "the server refused the connection", checkNetwork, true}, errno(syscall.ECONNREFUSED)},
	{Step{Unreachable, "the network does not reach the server", checkNetwork, true}, errno(syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN, syscall.EPERM, syscall.EACCES)},
	{Step{Timeout, "the answer took longer than the sidecar's limit", checkNetwork, true}, timedOut},
	{Step{Reset, "the connection was closed before the answer was complete", checkNetwork, true}, closed},
}

func always(error) bool { return true }

func both(a, b func(error) bool) func(error) bool {
	return func(err error) bool { return a(err) && b(err) }
}

// is reports whether the chain holds an error of a type.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// hasText is for errors without a type of their own.
func hasText(text string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), text) }
}

func errno(list ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(list, func(target error) bool { return errors.Is(err, target) })
	}
}

// fromSTS matches errors that STS answered with.
func fromSTS(rest func(error) bool) func(error) bool {
	return func(err error) bool {
		op, ok := errors.AsType[*smithy.OperationError](err)
		return ok && op.Service() == "STS" && refusedByAWS(rest)(err)
	}
}

// refusedByAWS matches errors that an AWS service answered with.
func refusedByAWS(rest func(error) bool) func(error) bool { return both(is[smithy.APIError], rest) }

// transient matches answers that pass: throttles and failures of the service. STS
// sends some of them with status 400.
func transient(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch strings.TrimSuffix(api.ErrorCode(), "Exception") {
	case "Throttling", "Throttled", "TooManyRequests", "RequestLimitExceeded", "IDPCommunicationError", "ServiceUnavailable", "InternalFailure":
		return true
	}
	resp, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	return ok && (resp.HTTPStatusCode() >= 500 || resp.HTTPStatusCode() == http.StatusTooManyRequests)
}

func isProxy(least, most int) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*ProxyError](err)
		return ok && e.Status >= least && e.Status <= most
	}
}

// toProxy matches errors of the connection to the proxy itself.
func toProxy(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && (e.Op == "proxyconnect" || strings.HasPrefix(e.Op, "socks"))
}

func unknownHost(err error) bool {
	e, ok := errors.AsType[*net.DNSError](err)
	return ok && e.IsNotFound && !e.IsTemporary && !e.IsTimeout
}

func expired(err error) bool {
	e, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && e.Reason == x509.Expired
}

// plainHTTP matches the error of the transport and that of [http.Client].
func plainHTTP(err error) bool {
	e, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok && string(e.RecordHeader[:]) == "HTTP/" || errors.Is(err, http.ErrSchemeMismatch)
}

// calledTLSPort matches a TLS alert that was read as HTTP, too.
func calledTLSPort(err error) bool {
	return errors.Is(err, ErrTLSPort) || hasText(`malformed HTTP response "\x15\x03`)(err)
}

func failedTLS(err error) bool {
	return is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || is[tls.AlertError](err) ||
		is[x509.CertificateInvalidError](err) || is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) ||
		hasText("tls: ")(err)
}

func slowDial(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial" && e.Timeout() || errors.Is(err, syscall.ETIMEDOUT)
}
