package dialecttest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// FuzzDecode fuzzes requests, from those of the golden cases: no panic; the translated
// request is JSON of bounded size, and the same request always gives the same bytes; errors
// are *translator.Error.
func FuzzDecode(f *testing.F, newDialect NewDialect) {
	f.Helper()
	for _, c := range goldentest.Load(f, false) {
		if body, ok := c.Section("request.json"); ok {
			settings := goldentest.NewSettings()
			c.Settings(f, &settings)
			for mode := range 3 {
				f.Add(body, mode, settings.DefaultModel)
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, mode int, model string) {
		d := InModes(t, newDialect, converse.Mode(mode&3%3))[0]
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

// FuzzEncodeReply fuzzes Bedrock's replies: no panic, and every answer is JSON.
func FuzzEncodeReply(f *testing.F, newEncoder func() translator.Encoder, facts translator.Facts) {
	f.Helper()
	for _, c := range goldentest.Load(f, false) {
		if reply, ok := c.Section("reply.json"); ok {
			f.Add(reply)
		}
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		answer, _, err := newEncoder().EncodeReply(reply, facts)
		if err != nil {
			if _, ok := errors.AsType[*translator.Error](err); !ok {
				t.Fatalf("the error is a %T", err)
			}
			return
		}
		wantJSON(t, answer.Body)
	})
}

// A Stream says what FuzzStream checks of a dialect's streams.
type Stream struct {
	NewEncoder func() translator.Encoder
	// A stream has at most Factor times the bytes of Bedrock's events, and Fixed more.
	Factor, Fixed int
	// Data returns the JSON of an event, or false for what is no event. For an event that is
	// no JSON in its API it returns null.
	Data func(event string) (data string, ok bool)
}

// FuzzStream fuzzes Bedrock's streams: no panic, every event is a line of JSON, also to
// Python, and the output has a bounded multiple of the input's size.
func FuzzStream(f *testing.F, want Stream) {
	f.Helper()
	for _, c := range goldentest.Load(f, false) {
		if events, ok := c.Section("events.jsonl"); ok {
			f.Add(events)
		}
	}
	f.Fuzz(func(t *testing.T, events []byte) {
		out := streamOf(want.NewEncoder().NewStream(translator.Facts{}), events)
		if len(out) > want.Factor*len(events)+want.Fixed {
			t.Errorf("%d bytes became %d", len(events), len(out))
		}
		for ev := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
			data, ok := want.Data(ev)
			if !ok {
				t.Fatalf("no event: %q", ev)
			}
			wantOneLine(t, []byte(data))
		}
	})
}

// streamOf plays events, as golden cases have them. A line that is no event is a payload.
func streamOf(s translator.Stream, events []byte) (out []byte) {
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
	return s.AppendEnd(out)
}

func wantJSON(t *testing.T, v []byte) {
	t.Helper()
	if !jsontext.Value(v).IsValid(goldentest.Verbatim()) {
		t.Fatalf("not JSON: %q", v)
	}
	if !utf8.Valid(v) {
		t.Fatalf("not UTF-8: %q", v)
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
