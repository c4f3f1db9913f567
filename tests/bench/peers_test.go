package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/envoytest"
)

// Each row compares the sidecar with one peer, in whole calls and in streams.
func TestPeers(t *testing.T) {
	s := startStack(t)
	list := []peer{
		{"one", "", func(s *stack, _ string) (*path, error) { return s.sidecar(s.versions[1]) }},
		{"another", "", func(s *stack, _ string) (*path, error) { return s.newSidecar("another", program, nil) }},
	}
	for _, shape := range []canned.Shape{{}, {Events: 20}} {
		f := peerCosts(list, "peers", "a title", load{Shape: shape, Conns: 2, Calls: 4})
		f.rounds = 1
		got, err := f.measure(s)
		if err != nil {
			t.Fatal(err)
		}
		compared := map[string]int{}
		for _, r := range f.results(got) {
			compared[r.To]++
			if r.Value.Median <= 0 || r.ToValue.Median <= 0 {
				t.Errorf("%s, %s: %v, %v", r.Label, r.To, r.Value, r.ToValue)
			}
		}
		if compared["one"] != 3 || compared["another"] != 3 {
			t.Error(compared)
		}
	}
}

// A peer gets its headers. One that answers with another status than 200, or incompletely,
// fails a run.
func TestPeerAnswers(t *testing.T) {
	s := startStack(t)
	sidecar, err := s.sidecar(s.versions[0])
	if err != nil {
		t.Fatal(err)
	}
	var status int
	var body string
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Peer") != "provider" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the client says if it is incomplete
	}))
	t.Cleanup(peer.Close)
	for _, c := range []struct {
		name   string
		shape  canned.Shape
		status int
		body   string
		right  bool
	}{
		{"whole", canned.Shape{}, 200, `{"text":"` + canned.Text() + `"}`, true},
		{"stream", canned.Shape{Events: 2}, 200, "delta\n\ndelta\n\n", true},
		{"another status", canned.Shape{}, 500, canned.Text(), false},
		{"no text", canned.Shape{}, 200, `{"text":""}`, false},
		{"an event less", canned.Shape{Events: 2}, 200, "delta\n\n", false},
	} {
		status, body = c.status, c.body
		r := openai(c.shape)
		r.header = http.Header{"X-Peer": {"provider"}}
		if _, err := s.record(&path{url: peer.URL, behind: sidecar.behind}, &r); (err == nil) != c.right {
			t.Errorf("%s: %v", c.name, err)
		} else if c.status == 200 && !c.right && !errors.Is(err, errIncomplete) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Envoy accepts the configuration that it gets in front of Envoy AI Gateway's processor.
func TestAIGatewayEnvoy(t *testing.T) {
	config, err := aiGatewayEnvoyConfig("127.0.0.1:1234", "http://127.0.0.1:5678", "unix:///tmp/processor.sock")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"port_value: 1234}", "port_value: 5678}", `"/tmp/processor.sock"`, "%DYNAMIC_METADATA("} {
		if !strings.Contains(string(config), want) {
			t.Errorf("no %s in\n%s", want, config)
		}
	}
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), envoytest.Binary(t), "--mode", "validate", "-c", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// Peers without a program are left out.
func TestPeersWithAProgram(t *testing.T) {
	if list := peers("", "", ""); len(list) > 0 {
		t.Errorf("%d peers", len(list))
	}
	if list := peers("", "portkey.js", ""); len(list) != 1 || list[0].name != "Portkey" {
		t.Errorf("%d peers", len(list))
	}
}
