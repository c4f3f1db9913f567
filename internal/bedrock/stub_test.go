package bedrock

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
)

// isolate keeps the AWS environment of the machine out of a test and gives the
// sidecar keys of its own.
func isolate(t testing.TB) {
	t.Helper()
	for _, name := range []string{
		"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_MAX_ATTEMPTS", "AWS_SDK_UA_APP_ID",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "HTTP_PROXY", "HTTPS_PROXY",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDSIDECAR")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "sidecar-secret")
}

// newTestBackend returns the only backend of a configuration, at url. It makes one
// attempt unless the configuration says more.
func newTestBackend(t testing.TB, cfg Config, url string) *Backend {
	t.Helper()
	cfg.Backends = []BackendConfig{{Name: "here", Region: "us-west-2", EndpointURL: url}}
	cfg.Retry.Attempts = cmp.Or(cfg.Retry.Attempts, 1)
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bs.CloseIdleConnections)
	b, err := bs.Lookup("")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// serve starts a stand-in that reads the request and answers by h.
func serve(t testing.TB, h http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.Header().Set("X-Amzn-Requestid", "req-1")
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// call is a request for model with the given body.
func call(model, body string) *translator.Call {
	return &translator.Call{Model: model, Body: []byte(body)}
}

// frame encodes one frame; headers are name, value, ….
func frame(payload string, headers ...string) []byte {
	var list []eventstream.Header
	for i := 0; i < len(headers); i += 2 {
		list = append(list, eventstream.Header{Name: headers[i], Value: headers[i+1]})
	}
	return eventstream.AppendMessage(nil, list, []byte(payload))
}

// event encodes an event as the service does.
func event(kind, payload string) []byte {
	return frame(payload, ":event-type", kind, ":content-type", "application/json", ":message-type", "event")
}

// exceptionFrame encodes an exception as the service does.
func exceptionFrame(kind, message string) []byte {
	return frame(`{"message":"`+message+`"}`, ":exception-type", kind, ":content-type", "application/json", ":message-type", "exception")
}

// sendStream answers with the frames, flushing each.
func sendStream(w http.ResponseWriter, frames ...[]byte) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	w.WriteHeader(http.StatusOK)
	sendMore(w, frames...)
}

// sendMore goes on with a stream.
func sendMore(w http.ResponseWriter, frames ...[]byte) {
	for _, f := range frames {
		if _, err := w.Write(f); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
	}
}

// answer is a whole stream that says text.
func answer(text string) [][]byte {
	return [][]byte{
		event("messageStart", `{"p":"ab","role":"assistant"}`),
		event("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"`+text+`"},"p":"abc"}`),
		event("contentBlockStop", `{"contentBlockIndex":0,"p":"a"}`),
		event("messageStop", `{"p":"ab","stopReason":"end_turn"}`),
		event("metadata", `{"metrics":{"latencyMs":7},"p":"ab","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}`),
	}
}
