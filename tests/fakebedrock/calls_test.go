package fakebedrock_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"bedrock-extproc/tests/fakebedrock"
)

func TestCallsHaveWhatCameIn(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	body := strings.Replace(helloBody, `"text"`, `  "text"`, 1) // must be recorded byte for byte
	if _, _, err := s.whole(body, "X-Tenant", "a"); err != nil {
		t.Fatal(err)
	}
	resp, err := s.post("converse-stream", helloBody, "X-Fake-Fault", "throttling")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	calls := s.bedrock.Calls()
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	first, second := calls[0], calls[1]
	if string(first.Body) != body || first.Operation != fakebedrock.Converse || first.ModelID != claude || first.Number != 1 ||
		first.AccessKeyID != fakebedrock.DemoAccessKeyID || first.Region != "us-east-1" || first.Bearer || first.Status != 200 ||
		first.Header.Get("X-Tenant") != "a" || first.Protocol != "HTTP/1.1" || !first.Done || first.Aborted {
		t.Errorf("first %+v", first)
	}
	if second.Operation != fakebedrock.ConverseStream || second.Status != 429 || second.Events != 0 || second.RequestID == first.RequestID {
		t.Errorf("second %+v", second)
	}
	for _, c := range calls {
		if text := fmt.Sprint(c.Header); strings.Contains(text, "Signature") || strings.Contains(text, "Authorization") {
			t.Errorf("credentials are recorded: %s", text)
		}
	}
}

// A client may disconnect after the last event, before the end of the response.
func TestClientLeavesWithTheLastEvent(t *testing.T) {
	done := make(chan fakebedrock.Call, 1)
	s := serve(t, fakebedrock.Config{OnDone: func(c fakebedrock.Call) { done <- c }}, false)
	for range 100 {
		resp, err := s.post("converse-stream", helloBody, threeTokens...)
		if err != nil {
			t.Fatal(err)
		}
		dec := eventstream.NewDecoder()
		for range sevenKinds {
			if _, err := dec.Decode(resp.Body, nil); err != nil {
				t.Fatal(err)
			}
		}
		resp.Body.Close()
		if c := <-done; c.Aborted || c.Events != len(sevenKinds) {
			t.Fatalf("aborted %v after %d events", c.Aborted, c.Events)
		}
	}
}

func TestTokensAreNotRecorded(t *testing.T) {
	bedrock := fakebedrock.New(fakebedrock.Config{})
	server := httptest.NewServer(bedrock)
	defer server.Close()
	client := newClient(t, server.URL, server.Client(), static(fakebedrock.DemoSessionKeyID, fakebedrock.DemoSecretAccessKey, fakebedrock.DemoSessionToken))
	if _, err := client.Converse(t.Context(), ask("hello")); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(bedrock.Calls()[0].Header); strings.Contains(text, fakebedrock.DemoSessionToken) || !strings.Contains(text, "X-Amz-Date") {
		t.Errorf("recorded %s", text)
	}
}

func TestKeepCalls(t *testing.T) {
	for keep, want := range map[int]int{-1: 0, 2: 2, 0: 5} {
		s := serve(t, fakebedrock.Config{KeepCalls: keep}, false)
		for range 5 {
			if _, _, err := s.whole(helloBody); err != nil {
				t.Fatal(err)
			}
		}
		calls := s.bedrock.Calls()
		if len(calls) != want || s.bedrock.Received() != 5 {
			t.Errorf("keep %d: %d calls of %d", keep, len(calls), s.bedrock.Received())
		}
		if want > 0 && calls[want-1].Number != 5 {
			t.Errorf("keep %d: the last call is number %d", keep, calls[want-1].Number)
		}
	}
}

// A script gets the whole request and can choose by it.
func TestScriptSeesTheRequest(t *testing.T) {
	config := fakebedrock.Config{Script: func(r *fakebedrock.Request) fakebedrock.Behaviour {
		switch {
		case r.Number == 1:
			return fakebedrock.Behaviour{Exception: fakebedrock.Throttling()}
		case r.Converse.LastUserText() == "break":
			return fakebedrock.Behaviour{HTTP: &fakebedrock.HTTPAnswer{Status: 503, Header: http.Header{"Retry-After": {"7"}}, Body: "no"}}
		}
		return r.Asked
	}}
	s := serve(t, config, false)
	for _, want := range []struct {
		body   string
		status int
		has    string
	}{{helloBody, 429, "Too many"}, {strings.Replace(helloBody, "hello", "break", 1), 503, "no"}, {helloBody, 200, "asked for"}} {
		resp, body, err := s.whole(want.body, "X-Fake-Text", "asked for")
		if err != nil || resp.StatusCode != want.status || !strings.Contains(body, want.has) {
			t.Errorf("%v %s, %v; want %d", resp, body, err, want.status)
		}
		if want.status == 503 && resp.Header.Get("Retry-After") != "7" {
			t.Errorf("headers %v", resp.Header)
		}
	}
}

// cached returns the usage of a request whose system prompt ends with a cache point.
func cached(t *testing.T, s *served, system, ttl, question string) (read, written, total int) {
	t.Helper()
	body := fmt.Sprintf(`{"system":[{"text":%q},{"cachePoint":{"type":"default","ttl":%q}}],"messages":[{"role":"user","content":[{"text":%q}]}]}`, system, ttl, question)
	resp, err := s.client.Post(s.url+"/model/"+claude+"/converse", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Usage struct {
			InputTokens, OutputTokens, TotalTokens, CacheReadInputTokens, CacheWriteInputTokens int
			CacheDetails                                                                        []fakebedrock.CacheDetail
		}
	}
	raw := readAll(t, resp)
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatal(err)
	}
	u := out.Usage
	if u.TotalTokens != u.InputTokens+u.OutputTokens+u.CacheReadInputTokens+u.CacheWriteInputTokens {
		t.Errorf("the total is not the sum: %s", raw)
	}
	if u.CacheWriteInputTokens > 0 && (len(u.CacheDetails) != 1 || u.CacheDetails[0].TTL != ttl) {
		t.Errorf("details in %s", raw)
	}
	return u.CacheReadInputTokens, u.CacheWriteInputTokens, u.TotalTokens
}

func TestPromptCache(t *testing.T) {
	var clock atomic.Int64 // in minutes
	start := time.Now()
	s := serve(t, fakebedrock.Config{
		AllowUnsigned: true,
		Now:           func() time.Time { return start.Add(time.Duration(clock.Load()) * time.Minute) },
	}, false)
	long := strings.Repeat("Be brief. ", 100)
	for _, step := range []struct {
		minute       int64
		system, ttl  string
		read, writes bool
	}{
		{0, long, "5m", false, true},
		{0, long, "5m", true, false},
		{4, long, "5m", true, false},
		{8, long, "5m", true, false}, // a read renews the TTL
		{14, long, "5m", false, true},
		{14, long + "Or not.", "5m", false, true},
		{14, "Be long. " + long, "1h", false, true},
		{70, "Be long. " + long, "1h", true, false},
	} {
		clock.Store(step.minute)
		read, written, total := cached(t, s, step.system, step.ttl, fmt.Sprint("question ", step.minute))
		if step.read != (read > 200) || step.writes != (written > 200) || total < 250 {
			t.Errorf("%+.30v: read %d, written %d, total %d", step, read, written, total)
		}
	}
}

// Many concurrent calls of both operations, some with faults.
func TestConcurrentCalls(t *testing.T) {
	bedrock, client := start(t, fakebedrock.Config{})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for j := range 10 {
				want := fmt.Sprintf("%d + %d = %d.", i, j, i+j)
				question := fmt.Sprintf("%d+%d", i, j)
				if got, _ := say(t, client, ask(question)); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				events, err := collect(t, client, askStream(question))
				if got := streamText(events); got != want || err != nil {
					t.Errorf("streamed %q, %v, want %q", got, err, want)
				}
				in := askStream(question)
				in.RequestMetadata = map[string]string{"fake.fault": "throttling", "fake.at": "2"}
				if _, err := collect(t, client, in); !isThrottled(err) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	group.Wait()
	if bedrock.Received() != 480 || bedrock.Aborted() != 0 || len(bedrock.Calls()) != 480 {
		t.Errorf("received %d, aborted %d", bedrock.Received(), bedrock.Aborted())
	}
}

func isThrottled(err error) bool {
	_, ok := errors.AsType[*types.ThrottlingException](err)
	return ok
}
