package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock"
)

// TestFailedStreams ends a failed stream in each way, for each protocol and after events
// and none. A stream that is cut off has its error event nevertheless.
func TestFailedStreams(t *testing.T) {
	const httpx = "python-httpx/0.28.1"
	text := []string{"content_delta", "error"}
	stop := []string{"content_delta", "error", "message_stop", "metadata"}
	for _, c := range []struct {
		setting, agent string
		kinds          []string
		cut            bool
	}{
		{"auto", "curl/8", text, false},
		{"auto", httpx, stop, false},
		{"event", httpx, text, false},
		{"reset", httpx, text, true},
		{"stop_error", "curl/8", stop, false},
	} {
		t.Run(c.setting+" "+c.agent, func(t *testing.T) {
			s := start(t, always(fakebedrock.Behaviour{Fault: fakebedrock.FaultCut, After: 5}),
				"-config", configFile(t, "bedrock_extproc: {failed_streams: "+c.setting+"}\n"))
			for protocol, client := range protocols() {
				for range 2 {
					list, err := readEvents(t, post(t, client, s.stream(), askExplain, "User-Agent", c.agent)).untilEnd()
					if diff := cmp.Diff(c.kinds, kinds(list)); diff != "" || (err != nil) != c.cut {
						t.Errorf("%s: end %v, events (-want +got):\n%s", protocol, err, diff)
					}
					if i := slices.IndexFunc(list, func(e event) bool { return e.Type == "message_stop" }); i > 0 && list[i].StopReason != "error" {
						t.Errorf("%s: %+v", protocol, list[i])
					}
				}
				if resp := post(t, client, s.url("/healthz"), ""); resp.StatusCode == 0 {
					t.Errorf("%s: the next request fails", protocol)
				}
			}
		})
	}
}

// TestEarlyErrors answers errors before the first event with their status, or with a
// stream of one event.
func TestEarlyErrors(t *testing.T) {
	asks := map[string]string{
		"bedrock_throttled": askWith("throttling"),
		"malformed_request": `{"messages": 1}`,
		"unknown_backend":   askSum,
	}
	statuses := map[string]int{"bedrock_throttled": 429, "malformed_request": 422, "unknown_backend": 400}
	for _, setting := range []string{"status", "event"} {
		s := start(t, nil, "-config", configFile(t, "bedrock_extproc: {early_errors: "+setting+", failed_streams: reset}\n"))
		for kind, ask := range asks {
			var headers []string
			if kind == "unknown_backend" {
				headers = []string{"X-Provider-LLM", "nobody"}
			}
			if resp := post(t, newClient(false), s.completions(), ask, headers...); resp.StatusCode != statuses[kind] {
				t.Errorf("%s, %s: a whole answer has status %d", setting, kind, resp.StatusCode)
			}
			resp := post(t, newClient(false), s.stream(), ask, headers...)
			if setting == "status" {
				if a := decode(t, resp); resp.StatusCode != statuses[kind] || a.Error.Type != kind {
					t.Errorf("%s, %s: status %d, %+v", setting, kind, resp.StatusCode, a)
				}
				continue
			}
			list := readEvents(t, resp).all()
			if len(list) != 1 || list[0].Type != "error" || list[0].Error.Type != kind || list[0].Detail == "" {
				t.Errorf("%s, %s: %+v", setting, kind, list)
			}
		}
	}
}

func askWith(fault string) string {
	return fmt.Sprintf(`{"model": "us.amazon.nova-lite-v1:0#fault=%s", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}`, fault)
}

// TestModelCalls counts the calls that a failure costs with a client that repeats 502, 503
// and 504 three times, as the gateway's Python client does. The gateway's own server makes
// as many as given here; twice that is the limit.
func TestModelCalls(t *testing.T) {
	s := start(t, nil)
	for fault, gateway := range map[string]int{
		"modeltimeout": 1, "modelerror": 1, "modelstreamerror": 1, "cut": 1, "reset": 1, "json-200": 1, "empty-200": 1,
		"internalserver": 3, "html-502": 3, "throttling": 3, "bare-429": 3, "validation": 1, "accessdenied": 1,
	} {
		t.Run(fault, func(t *testing.T) {
			asked, status, before := 0, 0, len(s.bedrock.Calls())
			for again := true; again && asked < 4; {
				resp := post(t, newClient(false), s.completions(), askWith(fault))
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Fatal(err)
				}
				asked, status = asked+1, resp.StatusCode
				again = slices.Contains([]int{502, 503, 504}, status)
			}
			calls := len(s.bedrock.Calls()) - before
			if asked != 1 || status == http.StatusOK || calls == 0 || calls > 2*gateway {
				t.Errorf("%d requests, the last with status %d, and %d calls", asked, status, calls)
			}
		})
	}
}
