package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"bedrock-extproc/tests/fakebedrock"
)

// A faultTopic is a section of docs/faults.md.
type faultTopic struct {
	name   string
	faults []fault
}

func allFaults() []fault {
	var all []fault
	for _, topic := range faultTopics {
		all = append(all, topic.faults...)
	}
	return all
}

// faultTopics are the faults of the matrix. "N events" are those that Bedrock has sent
// when the fault happens.
var faultTopics = []faultTopic{
	{"Bedrock refuses the call", []fault{
		exceptionAs("AccessDeniedException", early(403, "bedrock_access_denied")),
		exceptionAs("InternalServerException", early(500, "bedrock_internal_error")),
		exceptionAs("ModelErrorException", early(424, "bedrock_model_error")),
		exceptionAs("ModelNotReadyException", early(503, "bedrock_model_not_ready")),
		exceptionAs("ModelTimeoutException", early(500, "timeout")),
		exceptionAs("ResourceNotFoundException", early(404, "bedrock_not_found")),
		exceptionAs("ServiceQuotaExceededException", early(429, "bedrock_quota_exceeded")),
		exceptionAs("ServiceUnavailableException", early(503, "bedrock_unavailable")),
		exceptionAs("ThrottlingException", early(429, "bedrock_throttled")),
		exceptionAs("ValidationException", early(400, "bedrock_validation")),
		always2("an exception twice, then an answer", "fault=throttling&times=2", ok(false), ok(true)),
	}},
	{"Bedrock's stream contains an exception", []fault{
		streamOnly("throttlingException as the first frame", "fault=throttling&at=0", early(429, "bedrock_throttled")),
		streamOnly("internalServerException after 3 events", "fault=internalServer&at=3", late("bedrock_internal_error")),
		streamOnly("modelStreamErrorException after 3 events", "fault=modelStreamError&at=3", late("bedrock_model_error")),
		streamOnly("serviceUnavailableException after 3 events", "fault=serviceUnavailable&at=3", late("bedrock_unavailable")),
		streamOnly("throttlingException after 3 events", "fault=throttling&at=3", late("bedrock_throttled")),
		streamOnly("validationException after 3 events", "fault=validation&at=3", late("bedrock_validation")),
		streamOnly("an exception after messageStop", "fault=throttling&text=ok&at=4", late("bedrock_throttled")),
		streamOnly("a frame of the type error", "fault=error-message&at=3", late("bedrock_internal_error")),
	}},
	{"Bedrock's answer is broken off", []fault{
		always2("closed between two frames", "fault=cut&at=3", early(500, "stream_truncated"), late("stream_truncated")),
		always2("closed within a frame", "fault=cut-frame&at=3", early(500, "stream_truncated"), late("stream_truncated")),
		always2("reset", "fault=reset&at=3", early(500, "stream_truncated"), late("stream_truncated")),
		streamOnly("ended between two frames", "fault=end&at=3", late("stream_truncated")),
		streamOnly("ended within a frame", "fault=end-frame&at=3", late("stream_truncated")),
		streamOnly("ended without an event", "fault=end&at=0", early(500, "stream_truncated")),
		streamOnly("closed after messageStop", "fault=cut&text=ok&at=4", ok(true)),
		streamOnly("without messageStop", "fault=no-stop", late("stream_truncated")),
		streamOnly("without metadata", "fault=no-metadata", ok(true)),
	}},
	{"Bedrock's answer is damaged or is not Bedrock's", []fault{
		streamOnly("a wrong checksum of a prelude", "fault=prelude-crc&at=3", late("bad_bedrock_answer")),
		streamOnly("a wrong checksum of a frame", "fault=message-crc&at=3", late("bad_bedrock_answer")),
		streamOnly("a frame without a type", "fault=no-type&at=3", late("bad_bedrock_answer")),
		streamOnly("an event that is not JSON", "fault=bad-json&at=3", late("bad_bedrock_answer")),
		always2("other JSON with status 200", "fault=json-200", early(500, "bad_bedrock_answer"), early(500, "bad_bedrock_answer")),
		always2("an empty body with status 200", "fault=empty-200", early(500, "bad_bedrock_answer"), early(500, "bad_bedrock_answer")),
		always2("a proxy's page with status 502", "fault=html-502", early(500, "bedrock_internal_error"), early(500, "bedrock_internal_error")),
		always2("status 429 without a body", "fault=bare-429", early(429, "bedrock_throttled"), early(429, "bedrock_throttled")),
	}},
	{"Bedrock is slow", []fault{
		timeoutAs("no answer", "fault=hang", early(500, "timeout"), early(500, "timeout")),
		timeoutAs("silence in the middle", "fault=stall&at=3", early(500, "timeout"), late("timeout")),
		always2("headers byte by byte", "slow-head=100us", ok(false), ok(true)),
	}},
	{"The sidecar does not reach Bedrock", []fault{
		backendAs("connection refused", "refused", early(503, "cannot_connect")),
		backendAs("unknown host", "dns", early(503, "cannot_connect")),
		backendAs("plain HTTP on a TLS port", "plain", early(503, "cannot_connect")),
		backendAs("a certificate of an unknown authority", "untrusted", early(503, "cannot_connect")),
		backendAs("a proxy that refuses", "proxied", early(503, "cannot_connect")),
	}},
	{"Credentials are missing or refused", []fault{
		credentialsAs("the caller's keys are unknown", []string{"X-AWS-Access-Key-Id", "AKIDNOBODY", "X-AWS-Secret-Access-Key", "x"}, early(401, "caller_credentials_refused")),
		credentialsAs("the caller's token has expired", []string{
			"X-AWS-Access-Key-Id", fakebedrock.DemoExpiredKeyID, "X-AWS-Secret-Access-Key", fakebedrock.DemoSecretAccessKey, "X-AWS-Session-Token", fakebedrock.DemoSessionToken,
		}, early(401, "caller_credentials_refused")),
		backendAs("STS refuses the role", "role", early(502, "sidecar_credentials_refused")),
	}},
}

func exceptionAs(name string, s seen) fault {
	f := fault{name: name, knobs: "fault=" + strings.TrimSuffix(name, "Exception")}
	f.whole, f.streamed = both(s)
	return f
}

func always2(name, knobs string, whole, streamed seen) fault {
	return fault{name: name, knobs: knobs, whole: &whole, streamed: &streamed}
}

// timeoutAs is a fault that takes as long as a time limit.
func timeoutAs(name, knobs string, whole, streamed seen) fault {
	f := always2(name, knobs, whole, streamed)
	f.slow = true
	return f
}

func streamOnly(name, knobs string, s seen) fault {
	return fault{name: name, knobs: knobs, streamed: &s}
}

func backendAs(name, backend string, s seen) fault {
	f := fault{name: name, backend: backend}
	f.whole, f.streamed = both(s)
	return f
}

func credentialsAs(name string, headers []string, s seen) fault {
	f := fault{name: name, headers: headers}
	f.whole, f.streamed = both(s)
	return f
}

// startFaulty starts a system whose backends, besides the default, cannot be reached,
// each for another reason.
func startFaulty(t *testing.T) *system {
	t.Helper()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = zap.NewStdLog(zap.NewNop()) // each handshake fails
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(proxy.Close)
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>`)
	}))
	t.Cleanup(sts.Close)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "127.0.0.1")
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	text := "providers:\n  llm:\n    default: default\n    backends:\n"
	for name, setting := range map[string]string{
		"default":   "region: us-east-1",
		"refused":   "endpoint_url: http://" + closed.Addr().String(),
		"dns":       "endpoint_url: http://bedrock.invalid",
		"plain":     "endpoint_url: " + strings.Replace(plain.URL, "http", "https", 1),
		"untrusted": "endpoint_url: " + untrusted.URL,
		"proxied":   "endpoint_url: https://proxied.invalid",
		"role":      "role_arn: arn:aws:iam::123456789012:role/r",
	} {
		text += fmt.Sprintf("      %s: {backend: BedrockConverseProvider, config: {%s}}\n", name, setting)
	}
	text += "bedrock_extproc:\n  timeouts: {first_event: 1s, reply: 1s, silence: 1s}\n  retry: {base_delay: 1ms}\n  cool_down: {first: 1ms, max: 1ms}\n"
	return start(t, nil, "-config", configFile(t, text))
}
