package envoytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bedrock-extproc/envoy"
)

// ready sets Admin and URL. It fails until Envoy serves clients.
func (e *Envoy) ready(ctx context.Context) error {
	address, err := os.ReadFile(e.file("admin"))
	if err != nil {
		return err
	}
	if len(address) == 0 {
		return fmt.Errorf("%s is empty", e.file("admin"))
	}
	e.Admin = "http://" + string(address)
	if _, err := e.get(ctx, "/ready"); err != nil {
		return err
	}
	e.URL, err = e.listener(ctx, envoy.ListenerName)
	return err
}

// ListenerURL returns the URL of the named listener. The main listener's is URL.
func (e *Envoy) ListenerURL(t testing.TB, name string) string {
	t.Helper()
	found, err := e.listener(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (e *Envoy) listener(ctx context.Context, name string) (string, error) {
	body, err := e.get(ctx, "/listeners?format=json")
	if err != nil {
		return "", err
	}
	var listeners struct {
		Statuses []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal(body, &listeners); err != nil {
		return "", fmt.Errorf("listeners: %w", err)
	}
	for _, l := range listeners.Statuses {
		if l.Name == name {
			return "http://" + net.JoinHostPort(l.Address.Socket.Address, strconv.Itoa(l.Address.Socket.Port)), nil
		}
	}
	return "", fmt.Errorf("no listener %q in %s", name, body)
}

// Stat returns the value of a counter or gauge; 0 if it does not exist.
func (e *Envoy) Stat(t testing.TB, name string) int {
	t.Helper()
	value, err := e.stat(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// AwaitStat waits until a counter or gauge is at least want.
func (e *Envoy) AwaitStat(t testing.TB, name string, want int) {
	t.Helper()
	err := e.await(t.Context(), func(ctx context.Context) error {
		value, err := e.stat(ctx, name)
		if err == nil && value < want {
			err = fmt.Errorf("%s is %d, want %d", name, value, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (e *Envoy) stat(ctx context.Context, name string) (int, error) {
	body, err := e.get(ctx, "/stats?filter="+url.QueryEscape("^"+regexp.QuoteMeta(name)+"$"))
	if err != nil {
		return 0, err
	}
	line := strings.TrimSpace(string(body))
	if line == "" {
		return 0, nil
	}
	value, err := strconv.Atoi(strings.TrimPrefix(line, name+": "))
	if err != nil {
		return 0, fmt.Errorf("stat %s: %q is not a number", name, line)
	}
	return value, nil
}

// get reads a page of the admin interface.
func (e *Envoy) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Admin+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return body, nil
}

// AccessLog waits for at least n entries in the access log and returns all of them.
func (e *Envoy) AccessLog(t testing.TB, n int) []map[string]any {
	t.Helper()
	var entries []map[string]any
	err := e.await(t.Context(), func(context.Context) (err error) {
		text, _ := os.ReadFile(e.file("access.log")) // absent before the first entry
		if entries, err = parseLines(text); err == nil && len(entries) < n {
			err = fmt.Errorf("%d entries in the access log, want %d", len(entries), n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func parseLines(text []byte) ([]map[string]any, error) {
	var entries []map[string]any
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // still being written
		}
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, fmt.Errorf("access log: %w: %s", err, line)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}
