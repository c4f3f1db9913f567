package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/client"
)

// listener is a server of the gateway's API: it answers the n-th request with the n-th
// list of events.
func listener(t *testing.T, answers ...string) (*Conversation, *[]string) {
	t.Helper()
	var bodies []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		answer := answers[0]
		answers = answers[1:]
		if strings.HasPrefix(answer, "429") {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, answer[4:])
			return
		}
		for event := range strings.Lines(answer) {
			fmt.Fprintf(w, "data: %s\n\n", strings.TrimSpace(event))
		}
	}))
	t.Cleanup(s.Close)
	return &Conversation{Client: &client.Client{URL: s.URL, API: client.Gateway, HTTP: s.Client()}}, &bodies
}

const (
	hello = `{"type":"reasoning_delta","delta":"He greets."}
		{"type":"content_delta","delta":"Good ","index":1}
		{"type":"content_delta","delta":"day\u001b[2J.","index":1}
		{"type":"message_stop","stop_reason":"end_turn","model":"m"}
		{"type":"metadata","usage":{"input_tokens":3,"output_tokens":4},"metadata":{"cost":{"currency":"USD","micros":1200}}}`
	weather = `{"type":"tool_use_start","id":"t1","name":"get_weather"}
		{"type":"tool_use_complete","id":"t1","name":"get_weather","input":{"city":"Oslo"}}
		{"type":"message_stop","stop_reason":"tool_use","model":"m"}`
	long = `{"type":"content_delta","delta":"Once upon"}
		{"type":"message_stop","stop_reason":"max_tokens","model":"m"}`
	failed    = `{"type":"content_delta","delta":"Once"}` + "\n" + `{"type":"error","detail":"It broke.","error":{"type":"stream_truncated"}}`
	cutOff    = `{"type":"content_delta","delta":"Once"}`
	throttled = `429 {"detail":"Too many.","error":{"type":"bedrock_throttled"}}`
)

// Standard output has the text of the answer and nothing else, as it is.
func TestOnce(t *testing.T) {
	for name, c := range map[string]struct{ answer, out, notes, err string }{
		"text":      {hello, "Good day\x1b[2J.\n", "", ""},
		"tool":      {weather, "", "tool call: get_weather {\"city\":\"Oslo\"}\n", ""},
		"length":    {long, "Once upon\n", "The answer was cut off: max_tokens.\n", ""},
		"failed":    {failed, "Once\n", "", "stream_truncated: It broke."},
		"cut":       {cutOff, "Once\n", "", client.ErrCut.Error()},
		"throttled": {throttled, "", "", "429 Too Many Requests: bedrock_throttled: Too many. (retry after 7)"},
	} {
		t.Run(name, func(t *testing.T) {
			conversation, _ := listener(t, c.answer)
			var out, notes bytes.Buffer
			err := conversation.Once(t.Context(), "hi", &out, &notes, false)
			if got := fmt.Sprint(err); got != c.err && (c.err != "" || err != nil) {
				t.Errorf("error %q, want %q", got, c.err)
			}
			if diff := cmp.Diff([]string{c.out, c.notes}, []string{out.String(), notes.String()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A terminal gets no control characters of a model.
func TestOnceAtATerminal(t *testing.T) {
	conversation, _ := listener(t, hello)
	var out bytes.Buffer
	if err := conversation.Once(t.Context(), "hi", &out, io.Discard, true); err != nil || out.String() != "Good day[2J.\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestOnceJSON(t *testing.T) {
	conversation, _ := listener(t, hello, failed)
	var out bytes.Buffer
	if err := conversation.OnceJSON(t.Context(), "hi", &out); err != nil {
		t.Fatal(err)
	}
	const want = `{
  "model": "m",
  "content": "Good day\u001b[2J.",
  "reasoning": "He greets.",
  "stop_reason": "end_turn",
  "usage": {
    "input_tokens": 3,
    "output_tokens": 4
  },
  "cost": "0.001200 USD"
}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := conversation.OnceJSON(t.Context(), "hi", &out); err == nil || out.Len() > 0 {
		t.Errorf("a failed answer: %v, %q", err, out.String())
	}
}

// script is a terminal whose user types lines; "^D" ends the input.
type script struct {
	bytes.Buffer
	lines  []string
	prompt string
	shown  func(text string) // called after each text; may be nil
}

func (s *script) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if s.shown != nil {
		s.shown(string(p))
	}
	return n, err
}

func (s *script) SetPrompt(text string) { s.prompt = text }

func (s *script) ReadLine() (string, error) {
	line := s.lines[0]
	s.lines = s.lines[1:]
	if line == "^D" {
		return "", io.EOF
	}
	fmt.Fprintf(s, "%s%s\n", s.prompt, line)
	return line, nil
}

// quiet is a keyboard that nobody touches.
func quiet(t *testing.T) *Keyboard { return NewKeyboard(t.Context(), strings.NewReader("")) }

// A conversation: reasoning and tokens, a tool call with its result, a failure, after
// which it goes on, and the history that each request has.
func TestTalk(t *testing.T) {
	conversation, bodies := listener(t, hello, weather, hello, failed, long)
	terminal := &script{lines: []string{"hi", "", `weather \`, "please?", "rain", "a story", "again", "^D"}}
	if err := conversation.Talk(t.Context(), terminal, quiet(t), true); err != nil {
		t.Fatal(err)
	}
	const tokens = "3 tokens in, 4 out, cost 0.001200 USD, TIME, m\n"
	const want = "Ctrl-C ends an answer, Ctrl-D leaves. A line that ends with \\ continues.\n" +
		"> hi\nHe greets.\nGood day[2J.\n" + tokens +
		"> \n> weather \\\n… please?\n0 tokens in, 0 out, TIME, m\ntool call: get_weather {\"city\":\"Oslo\"}\n" +
		"result of get_weather> rain\nHe greets.\nGood day[2J.\n" + tokens +
		"> a story\nOnce\nerror: stream_truncated: It broke.\n" +
		"> again\nOnce upon\nThe answer was cut off: max_tokens.\n0 tokens in, 0 out, TIME, m\n\n"
	if diff := cmp.Diff(want, withoutTimes(terminal.String())); diff != "" {
		t.Error(diff)
	}
	const history = `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Good day\u001b[2J."},` +
		`{"role":"user","content":"weather \nplease?"},{"role":"assistant","content":"","tool_calls":[{"id":"t1","name":"get_weather","input":{"city":"Oslo"}}]},` +
		`{"role":"user","tool_results":[{"tool_use_id":"t1","content":"rain"}]},{"role":"assistant","content":"Good day\u001b[2J."},` +
		`{"role":"user","content":"again"}]}` + "\n"
	if diff := cmp.Diff(history, (*bodies)[4]); diff != "" {
		t.Errorf("the last request: %s", diff)
	}
}

// withoutTimes replaces durations.
func withoutTimes(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(line, ", ")
		for j, part := range parts {
			if _, err := time.ParseDuration(part); err == nil && strings.HasSuffix(part, "s") {
				parts[j] = "TIME"
			}
		}
		lines[i] = strings.Join(parts, ", ")
	}
	return strings.Join(lines, "\n")
}

// Ctrl-C ends the answer and not the conversation.
func TestInterrupt(t *testing.T) {
	keysIn, typed := io.Pipe()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "data: {\"type\":\"content_delta\",\"delta\":\"Once\"}\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer s.Close()
	conversation := &Conversation{Client: &client.Client{URL: s.URL, API: client.Gateway, HTTP: s.Client()}}
	terminal := &script{lines: []string{"hi", "^D"}, shown: func(text string) {
		if text == "Once" {
			_, _ = typed.Write([]byte{ctrlC})
		}
	}}
	if err := conversation.Talk(t.Context(), terminal, NewKeyboard(t.Context(), keysIn), false); err != nil {
		t.Fatal(err)
	}
	if got := terminal.String(); !strings.HasSuffix(got, "> hi\nOnce\n\x1b[2minterrupted: this turn is forgotten\x1b[0m\n\n") {
		t.Errorf("%q", got)
	}
	if len(conversation.Request.Messages) != 0 {
		t.Error("the turn is not forgotten")
	}
}

// Ctrl-C at a prompt clears the line; what is typed during an answer waits; the end of
// the context and of the terminal end reading.
func TestKeyboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		in, typed := io.Pipe()
		k := NewKeyboard(ctx, in)
		p := make([]byte, 3)
		read := func() string {
			t.Helper()
			n, err := k.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			return string(p[:n])
		}
		_, _ = typed.Write([]byte("ab\x03c"))
		if got := read() + read(); got != "ab"+clearLine+"c" {
			t.Errorf("%q", got)
		}
		interrupted := 0
		done := k.onInterrupt(func() { interrupted++ })
		_, _ = typed.Write([]byte("x"))
		_, _ = typed.Write([]byte{ctrlC})
		synctest.Wait()
		done()
		if got := read(); got != "x" || interrupted != 1 {
			t.Errorf("%q, interrupted %d times", got, interrupted)
		}
		for range 2 * typedAhead { // more than fits, during an answer: it does not block
			k.pass([]byte("y"))
			k.onInterrupt(func() {})
		}
		stop := errors.New("stop")
		cancel(stop)
		for range 2 * typedAhead {
			if _, err := k.Read(p); errors.Is(err, stop) {
				_ = typed.Close()
				return
			}
		}
		t.Error("the end of the context is not told")
	})
}
