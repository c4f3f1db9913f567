package bedrock

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// planted are the secrets of a failing call. No log line and no error may have one.
var planted = []string{
	"AKIASECRETKEYID", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdzEBYaDHRva2VuIQTOKEN0123456789abcdefABCDEF",
	"eyJhbGciOiJub25lIn0.eyJzdWIiOiJzZWNyZXQifQ.c2lnbmF0dXJl", "external-id-of-theirs", "proxy-password", "path-of-the-container", "container-token",
	"ASIACALLERSECRET", "caller-secret-key", "the prompt",
}

// A causeCase is one way in which a step towards Bedrock fails.
type causeCase struct {
	name string
	// prepare sets the environment and returns the backend. It may change cfg.
	prepare func(t *testing.T, cfg *Config) BackendConfig
	// connect changes the backends' transport.
	connect func(*http.Transport)
	want    causeWant
}

type causeWant struct {
	kind      translator.Kind
	class     cause.Class
	retryable bool
	message   string // a part of the client's message
	cause     string // a part of the log's cause
}

// endpoint is a backend at url, with the sidecar's own keys.
func endpoint(url string) func(*testing.T, *Config) BackendConfig {
	return func(*testing.T, *Config) BackendConfig { return BackendConfig{EndpointURL: url} }
}

func (c causeCase) run(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_ACCESS_KEY_ID", planted[0])
	t.Setenv("AWS_SECRET_ACCESS_KEY", planted[1])
	t.Setenv("AWS_SESSION_TOKEN", planted[2])
	var log bytes.Buffer
	cfg := Config{Retry: Retry{Attempts: 1}, Log: jsonLog(&log)}
	b := c.prepare(t, &cfg)
	b.Name, b.Region = "here", "us-west-2"
	cfg.Backends = []BackendConfig{b}
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	if c.connect != nil {
		c.connect(bs.transport.(*http.Transport))
	}
	request := call("m", `{"messages":[{"role":"user","content":[{"text":"the prompt"}]}]}`)
	request.RequestID = "request-7"
	_, _, whole := bs.list[0].Converse(t.Context(), request, translator.Caller{})
	_, _, streamed := bs.list[0].ConverseStream(t.Context(), request, translator.Caller{})
	for _, err := range []error{whole, streamed} {
		c.want.checkError(t, asError(t, err))
	}
	noSecrets(t, log.String())
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(log.String()), "\n"), func(line string) bool {
		return strings.Contains(line, `"msg":"AWS SDK"`) // its own, about a connection that was reset
	})
	if len(lines) != 2 {
		t.Errorf("%d lines for two failed calls:\n%s", len(lines), log.String())
	}
	for _, line := range lines {
		c.want.checkLine(t, line)
	}
}

func (w causeWant) checkError(t *testing.T, e *translator.Error) {
	t.Helper()
	if e.Kind != w.kind || e.Class != string(w.class) || e.Retryable != w.retryable || !strings.Contains(e.Message, w.message) {
		t.Errorf("kind %s, class %s, retryable %v: %s", e.Kind, e.Class, e.Retryable, e.Message)
	}
	noSecrets(t, e.Error()+e.Hint)
	for _, place := range []string{"127.0.0.1", ".invalid", "/tmp"} {
		if strings.Contains(e.Error()+e.Hint, place) {
			t.Errorf("the error names an address: %v %s", e, e.Hint)
		}
	}
}

func (w causeWant) checkLine(t *testing.T, text string) {
	t.Helper()
	noSecrets(t, text)
	var line struct {
		Level, Backend, Region, Class, Cause, Error string
		RequestID                                   string `json:"request_id"`
		Attempt                                     int
	}
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if line.Level != "warn" || line.RequestID != "request-7" || line.Backend != "here" || line.Region != "us-west-2" || line.Attempt != 1 ||
		line.Class != string(w.class) || line.Error != string(w.kind) || !strings.Contains(line.Cause, w.cause) {
		t.Errorf("want class %s and the cause %q: %s", w.class, w.cause, text)
	}
}

func noSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
}

// jsonLog writes a log as serve does.
func jsonLog(w io.Writer) *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(w)), zap.DebugLevel))
}

// Every failed step towards Bedrock is one line with its class and cause, and the
// client's error has the class and the truth about repeating.
func TestCausesOfConnections(t *testing.T) {
	const kind = translator.KindConnection
	resets := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}))
	defer resets.Close()
	hangsUp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { bedrocktest.CutConn(w) }))
	defer hangsUp.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	nginx := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>")
	})
	silent := listen(t)
	alert := speaks(t, "\x15\x03\x01\x00\x02\x02\x46")
	for _, c := range []causeCase{
		{"refused", endpoint("http://" + closedPort(t)), nil, causeWant{kind, cause.Refused, true, "refused the connection", "connection refused"}},
		{"unreachable", endpoint("http://255.255.255.255:1"), nil, causeWant{kind, cause.Unreachable, true, "does not reach", "255.255.255.255"}},
		{"unknown host", endpoint("https://bedrock.invalid"), nil, causeWant{kind, cause.DNS, false, "host name is unknown", "lookup bedrock.invalid"}},
		{"reset", endpoint(resets.URL), nil, causeWant{kind, cause.Reset, true, "was closed", "connection reset by peer"}},
		{"closed", endpoint(hangsUp.URL), nil, causeWant{kind, cause.Reset, true, "was closed", "EOF"}},
		{"slow to connect", func(_ *testing.T, cfg *Config) BackendConfig {
			cfg.Transport.DialTimeout = 1
			return BackendConfig{EndpointURL: "http://" + silent}
		}, nil, causeWant{kind, cause.Timeout, true, "connecting took longer", "i/o timeout"}},
		{"slow handshake", func(_ *testing.T, cfg *Config) BackendConfig {
			cfg.Transport.TLSHandshakeTimeout = time.Millisecond
			return BackendConfig{EndpointURL: "https://" + silent}
		}, nil, causeWant{kind, cause.Timeout, true, "TLS handshake took longer", "TLS handshake timeout"}},
		{"plain HTTP", endpoint(strings.Replace(plain.URL, "http", "https", 1)), nil, causeWant{kind, cause.TLS, false, "plain HTTP instead of TLS", "does not look like a TLS handshake"}},
		{"TLS", endpoint("http://" + alert), nil, causeWant{kind, cause.TLS, false, "speaks TLS", "malformed HTTP response"}},
		{"TLS, with an answer", endpoint(strings.Replace(secure.URL, "https", "http", 1)), nil, causeWant{kind, cause.TLS, false, "speaks TLS", "called in plain HTTP"}},
		{"nginx", endpoint(nginx), nil, causeWant{kind, cause.TLS, false, "speaks TLS", "called in plain HTTP"}},
	} {
		t.Run(c.name, c.run)
	}
}

func TestCausesOfProxies(t *testing.T) {
	const kind = translator.KindConnection
	proxy := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	through := func(address string) func(*http.Transport) {
		return func(tr *http.Transport) {
			u, err := url.Parse(strings.Replace(address, "://", "://user:proxy-password@", 1))
			if err != nil {
				t.Fatal(err)
			}
			tr.Proxy = http.ProxyURL(u)
		}
	}
	bedrock := endpoint("https://bedrock.invalid")
	for _, c := range []causeCase{
		{"no password", bedrock, through(proxy(407)), causeWant{kind, cause.Proxy, false, "user name and password", "407"}},
		{"no password, plain HTTP", endpoint("http://bedrock.invalid"), through(proxy(407)), causeWant{kind, cause.Proxy, false, "user name and password", "407"}},
		{"not allowed", bedrock, through(proxy(403)), causeWant{kind, cause.Proxy, false, "proxy refused", "403"}},
		{"nothing behind it", bedrock, through(proxy(502)), causeWant{kind, cause.Proxy, true, "could not connect", "502"}},
		{"no proxy there", bedrock, through("http://" + closedPort(t)), causeWant{kind, cause.Proxy, true, "could not be reached", "connection refused"}},
		{"no SOCKS there", bedrock, through("socks5://" + closedPort(t)), causeWant{kind, cause.Proxy, true, "could not be reached", "connection refused"}},
		{"not SOCKS", bedrock, through("socks5://" + speaks(t, "HTTP/1.1 400 Bad Request\r\n\r\n")), causeWant{kind, cause.Proxy, true, "could not be reached", "socks connect"}},
		{"no TLS proxy", bedrock, through(strings.Replace(proxy(200), "http", "https", 1)), causeWant{kind, cause.Proxy, false, "TLS handshake with the HTTP proxy", "proxyconnect"}},
	} {
		t.Run(c.name, c.run)
	}
}

// listen opens a port that nobody accepts connections on.
func listen(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// closedPort is a port that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// speaks opens a port that answers everything with text.
func speaks(t *testing.T, text string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}
