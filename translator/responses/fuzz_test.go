package responses

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// FuzzDecode: no panic; the translated request is JSON of bounded size, and the same
// request always gives the same bytes; errors are *translator.Error.
func FuzzDecode(f *testing.F) {
	for _, g := range goldens(f) {
		if body, ok := g.Section("request.json"); ok {
			for mode := range 3 {
				f.Add(body, mode, g.settings.DefaultModel)
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, mode int, model string) {
		d, err := New(converse.Settings{Mode: converse.Mode(mode & 3 % 3)}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		req := translator.Request{Body: bytes.Clone(body), DefaultModel: model}
		call, err := d.Decode(req)
		if err != nil {
			e, ok := errors.AsType[*translator.Error](err)
			if !ok {
				t.Fatalf("the error is a %T", err)
			}
			wantJSON(t, d.EncodeError(e).Body)
			return
		}
		wantJSON(t, call.Body)
		if n := len(call.Body); n > 40*len(body)+1000 {
			t.Errorf("%d bytes became %d", len(body), n)
		}
		again, err := d.Decode(req)
		if err != nil || !bytes.Equal(again.Body, call.Body) {
			t.Errorf("not the same again: %v\n%s\n%s", err, call.Body, again.Body)
		}
		if !bytes.Equal(req.Body, body) {
			t.Error("the request was changed")
		}
	})
}

// FuzzEncodeReply: no panic, and every answer is JSON.
func FuzzEncodeReply(f *testing.F) {
	for _, g := range goldens(f) {
		if reply, ok := g.Section("reply.json"); ok {
			f.Add(reply)
		}
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		c := testCall()
		answer, _, err := c.EncodeReply(reply, facts)
		if err != nil {
			if _, ok := errors.AsType[*translator.Error](err); !ok {
				t.Fatalf("the error is a %T", err)
			}
			return
		}
		wantJSON(t, answer.Body)
	})
}

// FuzzStream: no panic, every event is a line of JSON, and the output has a bounded
// multiple of the input's size.
func FuzzStream(f *testing.F) {
	for _, g := range goldens(f) {
		if events, ok := g.Section("events.jsonl"); ok {
			f.Add(events)
		}
	}
	f.Fuzz(func(t *testing.T, events []byte) {
		c := testCall()
		s := c.NewStream(translator.Facts{})
		var out []byte
		for line := range bytes.Lines(events) {
			only, ok := rawjson.Members(bytes.TrimSpace(line)).Only()
			if !ok || !jsontext.Value(line).IsValid(goldentest.Verbatim()) {
				only = rawjson.Member{Name: "contentBlockDelta", Value: line}
			}
			var err error
			if out, err = s.AppendEvent(out, translator.Event{Kind: only.Name, Payload: only.Value}); err != nil {
				out = s.AppendError(out, translator.AsError(err))
				break
			}
		}
		out = s.AppendEnd(out)
		if len(out) > 1000*len(events)+8000 {
			t.Errorf("%d bytes became %d", len(events), len(out))
		}
		for ev := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
			name, data, ok := strings.Cut(ev, "\ndata: ")
			if !ok || !strings.HasPrefix(name, "event: response.") {
				t.Fatalf("no event: %q", ev)
			}
			wantOneLine(t, []byte(data))
		}
	})
}

func wantJSON(t *testing.T, v []byte) {
	t.Helper()
	if !jsontext.Value(v).IsValid(goldentest.Verbatim()) {
		t.Fatalf("not JSON: %q", v)
	}
	if bytes.ContainsAny(v, "\n\r") {
		t.Fatalf("more than a line: %q", v)
	}
}

// wantOneLine also checks for the line ends of Python's str.splitlines.
func wantOneLine(t *testing.T, v []byte) {
	t.Helper()
	wantJSON(t, v)
	if bytes.ContainsAny(v, "\v\f\x1c\x1d\x1e\u0085\u2028\u2029") {
		t.Fatalf("more than a line to Python: %q", v)
	}
}
