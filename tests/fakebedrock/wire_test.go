package fakebedrock_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock"
)

const weatherBody = `{"messages":[{"role":"user","content":[{"text":"What is the weather in Seattle?"}]}],
"toolConfig":{"tools":[{"toolSpec":{"name":"get_weather","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}}}}}}]}}`

func TestWholeOnTheWire(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	resp, body, err := s.whole(helloBody)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" || resp.ContentLength != int64(len(body)) {
		t.Errorf("%s, %v", resp.Status, resp.Header)
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("date %v, %v", date, err)
	}
	if id := resp.Header.Get("X-Amzn-Requestid"); !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id) || id != s.bedrock.Calls()[0].RequestID {
		t.Errorf("request id %q", id)
	}
	want := `^{"metrics":{"latencyMs":\d+},"output":{"message":{"content":\[{"text":"Hello!.*"}\],"role":"assistant"}},"stopReason":"end_turn",` +
		`"usage":{"inputTokens":\d+,"outputTokens":\d+,"serverToolUsage":{},"totalTokens":\d+}}$`
	if !regexp.MustCompile(want).MatchString(body) {
		t.Errorf("body %s", body)
	}
}

func TestStreamOnTheWire(t *testing.T) {
	for name, http2 := range map[string]bool{"http1": false, "http2": true} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, fakebedrock.Config{}, http2)
			resp, frames, err := s.stream(weatherBody)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Header.Get("Content-Type") != "application/vnd.amazon.eventstream" || resp.ContentLength != -1 || resp.Header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("headers %v", resp.Header)
			}
			want := []string{
				"messageStart", "contentBlockDelta", "contentBlockStop", // text blocks have no contentBlockStart
				"contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
			}
			if diff := cmp.Diff(want, slices.Compact(kinds(frames))); diff != "" {
				t.Error(diff)
			}
			for _, f := range frames {
				checkFrame(t, f)
			}
			if http2 != (resp.ProtoMajor == 2) {
				t.Errorf("protocol %s", resp.Proto)
			}
		})
	}
}

// checkFrame checks the order of headers, sorted members and padding.
func checkFrame(t *testing.T, f frame) {
	t.Helper()
	want := [][2]string{{":event-type", f.header(":event-type")}, {":content-type", "application/json"}, {":message-type", "event"}}
	if diff := cmp.Diff(want, f.headers); diff != "" {
		t.Error(diff)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(f.payload), &members); err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, name := range slices.Sorted(maps.Keys(members)) {
		next := strings.Index(f.payload, `"`+name+`":`)
		if next < at {
			t.Errorf("members are not in order: %s", f.payload)
		}
		at = next
	}
	var p string
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if err := json.Unmarshal(members["p"], &p); err != nil || len(p) < 2 || len(p) > 61 || !strings.HasPrefix(alphabet, p) {
		t.Errorf("padding %s", members["p"])
	}
}

func TestErrorOnTheWire(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	resp, body, err := s.whole(helloBody, "X-Fake-Fault", "throttling")
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 429 || body != `{"message":"Too many requests, please wait before trying again."}` ||
		resp.Header.Get("X-Amzn-Errortype") != "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/" || resp.Header.Get("X-Amzn-Requestid") == "" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// A model id is one escaped path segment. A colon may be unescaped.
func TestModelIDs(t *testing.T) {
	const arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"
	for path, id := range map[string]string{
		"arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabcdefghijkl": arn,
		"amazon.nova-lite-v1:0":   "amazon.nova-lite-v1:0",
		"amazon.nova-lite-v1%3A0": "amazon.nova-lite-v1:0",
		"a%20b%25c":               "a b%c",
		"%C3%BC":                  "ü",
	} {
		s := serve(t, fakebedrock.Config{SkipValidation: true}, false)
		resp, err := s.client.Do(signed(t, s.url+"/model/"+path+"/converse", "bedrock", helloBody))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if call := s.bedrock.Calls()[0]; resp.StatusCode != 200 || call.ModelID != id || call.Path != "/model/"+path+"/converse" {
			t.Errorf("%s: %s, model %q, path %q", path, resp.Status, call.ModelID, call.Path)
		}
	}
}

func TestPathsThatAreNone(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	for path, want := range map[string]string{
		"/model//converse":        "400 ValidationException",
		"/model//converse-stream": "400 ValidationException",
		"/model/a/run":            "404 UnknownOperationException",
		"/model/a/invoke":         "403 AccessDeniedException",
		"/async-invoke/a/b":       "404 UnknownOperationException",
		"/model/a/b/converse":     "404 UnknownOperationException",
		"/model/a/converse/":      "404 UnknownOperationException",
		"/":                       "404 UnknownOperationException",
	} {
		resp, err := s.client.Do(signed(t, s.url+path, "bedrock", helloBody))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		code, _, _ := strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":")
		if got := strings.Fields(resp.Status)[0] + " " + code; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	resp, err := s.client.Get(s.url + "/model/" + url.PathEscape(claude) + "/converse")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 404 {
		t.Errorf("GET: %s", resp.Status)
	}
}
