package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	path = "/model/us.amazon.nova-lite-v1:0/converse"
	body = `{"messages":[{"role":"user","content":[{"text":"What is 2+2?"}]}]}`
)

// running is a running program.
type running struct {
	url   string
	stop  context.CancelFunc
	ended chan error
	said  chan string // the output after its address, when it ends
}

// program starts the program and waits until it prints its address.
func program(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	p := &running{stop: cancel, ended: make(chan error, 1), said: make(chan string, 1)}
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), w, w)
		_ = w.Close()
		p.ended <- err
	}()
	line := make([]byte, 200)
	n, err := r.Read(line)
	if err != nil {
		t.Fatalf("no line, want the address: %v, %v", err, <-p.ended)
	}
	var ok bool
	if p.url, ok = strings.CutPrefix(strings.TrimSpace(string(line[:n])), "fakebedrock: serving on "); !ok {
		t.Fatalf("output %q", line[:n])
	}
	go func() {
		rest, _ := io.ReadAll(r)
		p.said <- string(rest)
	}()
	t.Cleanup(cancel)
	return p
}

func post(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Post(url+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func TestServe(t *testing.T) {
	p := program(t, "-allow-unsigned", "-verbose", "-knob", "stop-reason=content_filtered")
	if status, answer := post(t, p.url); status != 200 || !strings.Contains(answer, "2 + 2 = 4.") || !strings.Contains(answer, "content_filtered") {
		t.Errorf("%d %s", status, answer)
	}
	p.stop()
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	if said := <-p.said; !strings.Contains(said, "#1 Converse us.amazon.nova-lite-v1:0") || strings.Contains(said, "2+2") {
		t.Errorf("output %s", said)
	}
	if _, err := http.Post(p.url+path, "application/json", strings.NewReader(body)); err == nil {
		t.Error("the program still serves")
	}
}

func TestCallsPage(t *testing.T) {
	p := program(t, "-allow-unsigned")
	for _, want := range []string{`{"received":0}`, `{"received":1}`} {
		resp, err := http.Get(p.url + "/calls")
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || strings.TrimSpace(string(page)) != want {
			t.Errorf("/calls: %s, %v, want %s", page, err, want)
		}
		post(t, p.url)
	}
}

func TestSignaturesAreOnByDefault(t *testing.T) {
	p := program(t)
	if status, answer := post(t, p.url); status != 403 || !strings.Contains(answer, "Authentication Token") {
		t.Errorf("%d %s", status, answer)
	}
}

// A stalled stream does not keep the program running.
func TestStopsWithCallsInProgress(t *testing.T) {
	p := program(t, "-allow-unsigned", "-knob", "fault=stall")
	resp, err := http.Post(p.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p.stop()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the program does not end")
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the stalled answer is complete")
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-knob", "fault"}, {"-knob", "falt=cut"}, {"-access-key", "a"}, {"-cert", "a"}, {"more"}, {"-no-such-flag"},
	} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestBusyPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := run(t.Context(), []string{"-addr", l.Addr().String()}, io.Discard, io.Discard); err == nil {
		t.Error("no error for a busy port")
	}
}

func TestListKnobs(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-knobs"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"X-Fake-Fault", "\nfault ", "\ntokens "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %q", out.String(), want)
		}
	}
}
