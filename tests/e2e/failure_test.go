package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock"
)

// TestEventsArriveOneByOne releases one event at a time. Each must reach the client
// before the next is sent.
func TestEventsArriveOneByOne(t *testing.T) {
	gate := make(chan struct{})
	s := start(t, always(fakebedrock.Behaviour{Gate: gate}))
	for name, client := range protocols() {
		t.Run(name, func(t *testing.T) {
			type result struct {
				resp *http.Response
				err  error
			}
			answered := make(chan result, 1)
			go func() {
				resp, err := client.Post(s.stream(), "application/json", strings.NewReader(askExplain))
				answered <- result{resp, err}
			}()
			gate <- struct{}{} // messageStart
			gate <- struct{}{} // the first delta
			r := <-answered
			if r.err != nil {
				t.Fatal(r.err)
			}
			defer r.resp.Body.Close()
			events := readEvents(t, r.resp)
			for range 5 {
				if ev, ok := events.next(); !ok || ev.Type != "content_delta" {
					t.Fatalf("event %+v", ev)
				}
				gate <- struct{}{}
			}
			r.resp.Body.Close()
			for s.bedrock.InFlight() > 0 { // the fake Bedrock may wait at the gate although the client has disconnected
				select {
				case gate <- struct{}{}:
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
}

// TestClientDisconnects disconnects in every phase. The call to Bedrock must be
// aborted.
func TestClientDisconnects(t *testing.T) {
	s := start(t, func(r *fakebedrock.Request) fakebedrock.Behaviour {
		switch {
		case strings.Contains(string(r.Body), "before"):
			return fakebedrock.Behaviour{Hang: true}
		default:
			return fakebedrock.Behaviour{Fault: fakebedrock.FaultStall, After: 3}
		}
	})
	for name, client := range protocols() {
		for phase, url := range map[string]string{
			"whole, before the answer": s.completions(), "streamed, before the first byte": s.stream(), "mid stream": s.stream(),
		} {
			t.Run(name+"/"+phase, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				body := `{"messages":[{"role":"user","content":"` + phase + ` and some more words"}]}`
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if phase == "mid stream" {
					resp, err := client.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					if ev, ok := readEvents(t, resp).next(); !ok || ev.Type != "content_delta" {
						t.Fatalf("event %+v", ev)
					}
					leave()
				} else {
					go func() {
						for s.bedrock.InFlight() == 0 && ctx.Err() == nil {
							time.Sleep(time.Millisecond)
						}
						leave()
					}()
					if resp, err := client.Do(req); err == nil {
						resp.Body.Close()
						t.Fatalf("status %d, want none", resp.StatusCode)
					}
				}
				if c := s.ended(t); !c.Aborted {
					t.Errorf("Bedrock's call ended without an abort: %+v", c.Status)
				}
			})
		}
	}
	// The access log has the call's facts although it did not finish.
	for _, entry := range s.envoy.AccessLog(t, 6) {
		if begun := entry["bytes_sent"] != 0.0; begun != (entry["model"] != nil) {
			t.Errorf("access log of a disconnected client: %v", entry)
		}
	}
}

func TestFailureBeforeTheFirstEvent(t *testing.T) {
	for name, want := range map[string]struct {
		status    int
		kind      string
		retryable bool
		after     string
	}{
		"ThrottlingException":         {429, "bedrock_throttled", true, "1"},
		"AccessDeniedException":       {403, "bedrock_access_denied", false, ""},
		"ResourceNotFoundException":   {404, "bedrock_not_found", false, ""},
		"ServiceUnavailableException": {503, "bedrock_unavailable", true, "1"},
		"ModelTimeoutException":       {500, "timeout", false, ""},
		"InternalServerException":     {500, "bedrock_internal_error", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, always(fakebedrock.Behaviour{Exception: exception(t, name)}))
			for _, url := range []string{s.completions(), s.stream()} {
				resp := post(t, newClient(false), url, askExplain)
				a := decode(t, resp)
				got := a.Error
				if resp.StatusCode != want.status || got.Type != want.kind || got.Retryable != want.retryable || got.AWSError != name {
					t.Errorf("status %d, error %+v", resp.StatusCode, got)
				}
				if after := resp.Header.Get("Retry-After"); want.after != "" && after != want.after {
					t.Errorf("Retry-After %q, want %q", after, want.after)
				}
			}
		})
	}
}

// TestFailureMidStream checks that a failed stream ends with an error event, has no
// success event, and that the response ends properly.
func TestFailureMidStream(t *testing.T) {
	for name, behaviour := range map[string]fakebedrock.Behaviour{
		"throttled": {Fault: fakebedrock.FaultException, Exception: fakebedrock.Throttling(), After: 5},
		"cut":       {Fault: fakebedrock.FaultCut, After: 5},
		"cut frame": {Fault: fakebedrock.FaultCutFrame, After: 5},
		"reset":     {Fault: fakebedrock.FaultReset, After: 5},
		"ended":     {Fault: fakebedrock.FaultEnd, After: 5},
		"bad CRC":   {Fault: fakebedrock.FaultMessageCRC, After: 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, always(behaviour))
			for protocol, client := range protocols() {
				list := readEvents(t, post(t, client, s.stream(), askExplain)).all()
				if diff := cmp.Diff([]string{"content_delta", "error"}, kinds(list)); diff != "" {
					t.Errorf("%s: events (-want +got):\n%s", protocol, diff)
				}
				if last := list[len(list)-1]; last.Detail == "" || last.Error.Type == "" {
					t.Errorf("%s: %+v", protocol, last)
				}
			}
		})
	}
}

// TestExceptionsMidStream checks each exception that a stream can contain: an error
// event with the exception's name.
func TestExceptionsMidStream(t *testing.T) {
	s := start(t, nil)
	for name, want := range map[string]struct{ kind, aws string }{
		"internalServerException":     {"bedrock_internal_error", "InternalServerException"},
		"modelStreamErrorException":   {"bedrock_model_error", "ModelStreamErrorException"},
		"serviceUnavailableException": {"bedrock_unavailable", "ServiceUnavailableException"},
		"throttlingException":         {"bedrock_throttled", "ThrottlingException"},
		"validationException":         {"bedrock_validation", "ValidationException"},
	} {
		body := strings.Replace(askExplain, "{", `{"model": "us.amazon.nova-lite-v1:0#at=3&fault=`+name+`", `, 1)
		list := readEvents(t, post(t, newClient(false), s.stream(), body)).all()
		if diff := cmp.Diff([]string{"content_delta", "error"}, kinds(list)); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", name, diff)
		}
		if got := list[len(list)-1].Error; got.Type != want.kind || got.AWSError != want.aws {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

// TestErrorAsFirstFrame checks that an exception in the first frame of a stream becomes
// an HTTP error: Bedrock reports an image of another type so.
func TestErrorAsFirstFrame(t *testing.T) {
	s := start(t, nil)
	const ask = `{"messages": [{"role": "user", "content": [{"text": "see"}, {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}]}]}`
	const want = "The model returned the following errors: The detected file MIME type text/plain does not match the expected type image/png. Reformat your input and try again."
	for _, url := range []string{s.completions(), s.stream()} {
		resp := post(t, newClient(false), url, ask)
		a := decode(t, resp)
		if resp.StatusCode != http.StatusBadRequest || a.Error.Type != "bedrock_validation" || a.Error.AWSError != "ValidationException" || a.Detail != want {
			t.Errorf("status %d, detail %v, error %+v, want 400 and %s", resp.StatusCode, a.Detail, a.Error, want)
		}
	}
}

// TestNeverTheSidecarsCredentials checks that calls without keys are rejected.
func TestNeverTheSidecarsCredentials(t *testing.T) {
	s := start(t, nil, "-config", configFile(t, "allow_server_credentials: never\n"))
	for _, url := range []string{s.completions(), s.stream()} {
		resp := post(t, newClient(false), url, askSum)
		if a := decode(t, resp); resp.StatusCode != http.StatusBadRequest || a.Error.Type != "missing_credentials" {
			t.Errorf("status %d, %+v", resp.StatusCode, a)
		}
	}
	if n := len(s.bedrock.Calls()); n != 0 {
		t.Errorf("%d calls reached Bedrock", n)
	}
}

// TestCredentials checks whose credentials sign each call.
func TestCredentials(t *testing.T) {
	s := start(t, nil)
	for name, c := range map[string]struct {
		headers []string
		status  int
		kind    string
	}{
		"the sidecar's own": {nil, 200, ""},
		"the caller's":      {[]string{"X-AWS-Access-Key-Id", "AKIDFAKEBEDROCK", "X-AWS-Secret-Access-Key", "fake-bedrock-secret-key"}, 200, ""},
		"half a pair":       {[]string{"X-AWS-Access-Key-Id", "AKIDNOBODY"}, 200, ""},
		"wrong secret":      {[]string{"X-AWS-Access-Key-Id", "AKIDFAKEBEDROCK", "X-AWS-Secret-Access-Key", "wrong"}, 401, "caller_credentials_refused"},
		"unknown key":       {[]string{"X-AWS-Access-Key-Id", "AKIDNOBODY", "X-AWS-Secret-Access-Key", "x"}, 401, "caller_credentials_refused"},
		"expired":           {[]string{"X-AWS-Access-Key-Id", fakebedrock.DemoExpiredKeyID, "X-AWS-Secret-Access-Key", fakebedrock.DemoSecretAccessKey, "X-AWS-Session-Token", fakebedrock.DemoSessionToken}, 401, "caller_credentials_refused"},
		"temporary":         {[]string{"X-AWS-Access-Key-Id", fakebedrock.DemoSessionKeyID, "X-AWS-Secret-Access-Key", fakebedrock.DemoSecretAccessKey, "X-AWS-Session-Token", fakebedrock.DemoSessionToken}, 200, ""},
		"unknown provider":  {[]string{"X-Provider-LLM", "nobody"}, 400, "unknown_backend"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := post(t, newClient(false), s.completions(), askSum, c.headers...)
			if a := decode(t, resp); resp.StatusCode != c.status || a.Error.Type != c.kind {
				t.Errorf("status %d, %+v", resp.StatusCode, a.Error)
			}
		})
	}
}

// TestSidecarKilled kills the sidecar before a call and in the middle of a stream. Envoy
// answers with its own JSON error, and the stream does not hang.
func TestSidecarKilled(t *testing.T) {
	gate := make(chan struct{}, 3)
	s := start(t, always(fakebedrock.Behaviour{Gate: gate}))
	client := newClient(false)
	for range 3 {
		gate <- struct{}{}
	}
	resp := post(t, client, s.stream(), askExplain)
	events := readEvents(t, resp)
	if _, ok := events.next(); !ok {
		t.Fatal("no event")
	}
	s.sidecar.kill()
	if rest, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("the broken stream ended like a complete one, with %q", rest)
	}
	resp = post(t, client, s.completions(), askSum)
	a := decode(t, resp)
	if resp.StatusCode != http.StatusServiceUnavailable || a.Error.Type != "envoy_sidecar_unreachable" || !a.Error.Retryable || a.Error.Status != 503 {
		t.Errorf("status %d, %+v", resp.StatusCode, a)
	}
}

// TestDrain stops a sidecar in the middle of a stream. The stream is completed.
func TestDrain(t *testing.T) {
	gate := make(chan struct{})
	s := start(t, always(fakebedrock.Behaviour{Gate: gate}))
	go func() { gate <- struct{}{}; gate <- struct{}{} }()
	events := readEvents(t, post(t, newClient(true), s.stream(), askExplain))
	if _, ok := events.next(); !ok {
		t.Fatal("no event")
	}
	s.sidecar.signal(t, syscall.SIGTERM)
	close(gate)
	list := events.all()
	if last := list[len(list)-1]; last.Type != "metadata" {
		t.Errorf("the stream ended with %+v", last)
	}
	select {
	case <-s.sidecar.ended:
	case <-time.After(20 * time.Second):
		t.Error("the sidecar does not end")
	}
}

// TestDrainTimeout checks that a stalled stream ends with an error event.
func TestDrainTimeout(t *testing.T) {
	s := start(t, always(fakebedrock.Behaviour{Fault: fakebedrock.FaultStall, After: 3}), "-drain-timeout", "100ms")
	events := readEvents(t, post(t, newClient(false), s.stream(), askExplain))
	if _, ok := events.next(); !ok {
		t.Fatal("no event")
	}
	s.sidecar.signal(t, syscall.SIGTERM)
	list := events.all()
	if len(list) == 0 || list[len(list)-1].Error.Type != "draining" {
		t.Errorf("the stream ended with %+v", list)
	}
}
