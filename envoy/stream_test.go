package envoy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/envoytest"
)

// TestStreamedAnswer sends each event only after the client has read the previous
// one.
func TestStreamedAnswer(t *testing.T) {
	read := make(chan struct{})
	s := startSidecar(t, func(x *call) error {
		if err := x.start("200"); err != nil {
			return err
		}
		for _, event := range []string{"data: 1\n\n", "data: 2\n\n"} {
			if err := x.write(event, false); err != nil {
				return err
			}
			select {
			case <-read:
			case <-x.Context().Done():
				return x.Context().Err()
			}
		}
		return x.write("data: end\n\n", true)
	})
	e := envoytest.Start(t, s.address, nil)
	for name, client := range clients() {
		t.Run(name, func(t *testing.T) {
			resp := post(t, client, e.URL)
			if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
				t.Fatalf("status %d, %v", resp.StatusCode, resp.Header)
			}
			lines := bufio.NewScanner(resp.Body)
			for _, want := range []string{"data: 1", "", "data: 2", ""} {
				if !lines.Scan() || lines.Text() != want {
					t.Fatalf("%q, want %q", lines.Text(), want)
				}
				if want == "" {
					read <- struct{}{}
				}
			}
			rest := ""
			for lines.Scan() {
				rest += lines.Text() + "\n"
			}
			if rest != "data: end\n\n" || lines.Err() != nil {
				t.Errorf("then %q, %v", rest, lines.Err())
			}
		})
	}
}

// TestAnswersFacts checks that the access log has the sidecar's facts and no
// secrets.
func TestAnswersFacts(t *testing.T) {
	s := startSidecar(t, func(x *call) error {
		return x.immediate(200, "bedrock_extproc_ok", "{}", map[string]any{
			envoy.MetadataNamespace: map[string]any{"model": "m", "input_tokens": 12},
			"other":                 map[string]any{"model": "not this"},
		})
	})
	e := envoytest.Start(t, s.address, nil)
	post(t, http.DefaultClient, e.URL+"/path?key=secret", "x-aws-secret-access-key", "secret", "authorization", "secret")
	entry := e.AccessLog(t, 1)[0]
	for field, want := range map[string]any{
		"status": 200.0, "details": "bedrock_extproc_ok", "path": "/path", "model": "m", "input_tokens": 12.0,
	} {
		if entry[field] != want {
			t.Errorf("%s is %v, want %v", field, entry[field], want)
		}
	}
	if _, ok := entry["first_byte_ms"].(float64); !ok {
		t.Errorf("first_byte_ms is %v", entry["first_byte_ms"])
	}
	if latency, _ := entry["ext_proc_microseconds"].(string); !strings.Contains(latency, "rh:") {
		t.Errorf("no sidecar latency in %v", entry)
	}
	for field, value := range entry {
		if text, _ := value.(string); strings.Contains(text, "secret") {
			t.Errorf("%s is %q", field, text)
		}
	}
}

// TestConfidentialHeaders checks that Envoy does not forward credentials.
func TestConfidentialHeaders(t *testing.T) {
	s := startSidecar(t, func(x *call) error {
		return x.immediate(200, "bedrock_extproc_ok", strings.Join(x.names, "\n"), nil)
	})
	e := envoytest.Start(t, s.address, nil)
	resp := post(t, http.DefaultClient, e.URL, "authorization", "1", "cookie", "2", "proxy-authorization", "3", "x-aws-region", "4")
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := "\n" + string(body) + "\n"
	for name, want := range map[string]bool{"authorization": false, "cookie": false, "proxy-authorization": false, "x-aws-region": true} {
		if got := strings.Contains(names, "\n"+name+"\n"); got != want {
			t.Errorf("%s: forwarded to the sidecar: %t", name, got)
		}
	}
}

// TestSlowReader leaves an answer unread. Envoy before 1.38 must reject the setting,
// so it is not a default of Config.
func TestSlowReader(t *testing.T) {
	cfg := envoy.Config{Listen: "127.0.0.1:0", SlowReaderTimeout: 200 * time.Millisecond}
	if !envoytest.AtLeast(t, 38) {
		b, err := envoy.Bootstrap(cfg)
		if err != nil {
			t.Fatal(err)
		}
		config, err := envoy.YAML(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := envoytest.Validate(t, config); err == nil {
			t.Error("this Envoy accepts the setting: make it a default")
		}
		return
	}
	gone := make(chan struct{})
	s := startSidecar(t, func(x *call) error {
		defer close(gone)
		if err := x.start("200"); err != nil {
			return err
		}
		for range 32 {
			if err := x.write(strings.Repeat("x", 1<<20), false); err != nil {
				return err
			}
		}
		return x.untilGone()
	})
	e := envoytest.Start(t, s.address, func(b *bootstrapv3.Bootstrap) {
		listener, err := envoy.Listener(cfg)
		if err != nil {
			t.Fatal(err)
		}
		b.StaticResources.Listeners[0] = listener
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Error("Envoy keeps the connection of a client that does not read")
	}
}

// TestMaxConnections opens one connection too many.
func TestMaxConnections(t *testing.T) {
	cfg := envoy.Config{MaxConnections: 1}
	s := startSidecar(t, func(x *call) error { return x.immediate(200, "bedrock_extproc_ok", "{}", nil) })
	e := envoytest.Start(t, s.address, func(b *bootstrapv3.Bootstrap) {
		own, err := envoy.Bootstrap(cfg)
		if err != nil {
			t.Fatal(err)
		}
		b.OverloadManager = own.GetOverloadManager()
	})
	const request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	if resp := raw(t, e.URL, request); resp.StatusCode != http.StatusOK {
		t.Errorf("first connection: status %d", resp.StatusCode)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if answer, _ := io.ReadAll(conn); len(answer) > 0 {
		t.Errorf("second connection: got %q", answer)
	}
	e.AwaitStat(t, "listener.127.0.0.1_0.downstream_global_cx_overflow", 1)
}
