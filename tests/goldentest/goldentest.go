// Package goldentest runs the cases of a dialect's testdata: one file for each, with the
// client's request, Bedrock's answer, and what is expected. Only tests of dialects call it.
package goldentest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// A Case is one file: a comment that says what it shows, and sections.
//
//	request.json   the client's body
//	settings.json  settings of the dialect
//	converse.json  the Converse request that is expected
//	warnings.json  the warnings that are expected
//	error.json     the error body, if one is expected instead of the two above
//	reply.json     Bedrock's reply, with client.json, the client's answer
//	events.jsonl   Bedrock's events, with client.sse, the client's events
type Case struct {
	File    string
	Archive *txtar.Archive

	update bool
}

// A Decoded is what a dialect has made of the request of a case.
type Decoded struct {
	Dialect translator.Dialect
	Call    *translator.Call
	Err     error // a *translator.Error, or nil
	// Streaming says that the request asked for a stream, for the dialects whose errors
	// depend on it.
	Streaming bool
	// Facts are those of the answer.
	Facts translator.Facts
}

// Load reads all cases of testdata. With update, Run writes the expectations again.
func Load(t testing.TB, update bool) []*Case {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all := make([]*Case, len(files))
	for i, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = &Case{file, archive, update}
	}
	return all
}

// Name is the file's name without its extension.
func (c *Case) Name() string { return strings.TrimSuffix(filepath.Base(c.File), ".txtar") }

// Section returns a section of the file.
func (c *Case) Section(name string) ([]byte, bool) {
	for _, f := range c.Archive.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

// Settings reads settings.json, if there is one, into v.
func (c *Case) Settings(t testing.TB, v any) {
	t.Helper()
	if text, ok := c.Section("settings.json"); ok {
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatalf("%s: %v", c.File, err)
		}
	}
}

// Run compares everything that comes out with the sections.
func (c *Case) Run(t *testing.T, d Decoded) {
	t.Helper()
	if len(bytes.TrimSpace(c.Archive.Comment)) == 0 {
		t.Error("the case does not say what it shows")
	}
	if d.Err != nil {
		c.refusal(t, d)
	} else {
		c.request(t, d.Call)
		c.answer(t, d)
	}
	if c.update {
		if err := os.WriteFile(c.File, txtar.Format(c.Archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *Case) refusal(t *testing.T, d Decoded) {
	t.Helper()
	e, ok := errors.AsType[*translator.Error](d.Err)
	if !ok {
		t.Fatalf("the error is a %T", d.Err)
	}
	e.Streaming = d.Streaming
	if answer := d.Dialect.EncodeError(e); strings.HasPrefix(answer.ContentType, "text/event-stream") {
		c.check(t, "client.sse", answer.Body)
	} else {
		c.check(t, "error.json", indent(t, answer.Body))
	}
	c.drop(t, "converse.json")
}

func (c *Case) request(t *testing.T, call *translator.Call) {
	t.Helper()
	c.drop(t, "error.json")
	if _, ok := c.Section("request.json"); ok {
		c.check(t, "converse.json", indent(t, call.Body))
	}
	if call.Guarded != bytes.Contains(call.Body, []byte(`"guardrailConfig":`)) {
		t.Errorf("guarded: %t", call.Guarded)
	}
	if w := converse.EncodeWarnings(call.Warnings); w != nil {
		c.check(t, "warnings.json", indent(t, w))
	} else {
		c.drop(t, "warnings.json")
	}
}

func (c *Case) answer(t *testing.T, d Decoded) {
	t.Helper()
	if reply, ok := c.Section("reply.json"); ok {
		answer, _, err := d.Call.Encoder.EncodeReply(bytes.TrimSpace(reply), d.Facts)
		if err != nil {
			answer = d.Dialect.EncodeError(WithFacts(err, d.Facts))
		}
		c.check(t, "client.json", indent(t, answer.Body))
	}
	if events, ok := c.Section("events.jsonl"); ok {
		c.check(t, "client.sse", c.stream(t, d, events))
	}
}

// stream runs events through a stream. A line is {"kind": payload}.
func (c *Case) stream(t *testing.T, d Decoded, events []byte) []byte {
	t.Helper()
	s := d.Call.Encoder.NewStream(d.Facts)
	var out []byte
	for line := range bytes.Lines(events) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		only, ok := rawjson.Members(line).Only()
		if !ok {
			t.Fatalf("%s: event %s", c.File, line)
		}
		var err error
		if out, err = s.AppendEvent(out, translator.Event{Kind: only.Name, Payload: only.Value}); err != nil {
			return s.AppendError(out, WithFacts(err, d.Facts))
		}
	}
	return s.AppendEnd(out)
}

// check compares a section with the result or, with update, writes it.
func (c *Case) check(t *testing.T, name string, got []byte) {
	t.Helper()
	got = append(bytes.TrimRight(got, "\n"), '\n')
	if c.update {
		c.write(name, got)
		return
	}
	want, ok := c.Section(name)
	if !ok {
		t.Errorf("no section %s; got:\n%s", name, got)
		return
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func (c *Case) write(name string, data []byte) {
	for i := range c.Archive.Files {
		if c.Archive.Files[i].Name == name {
			c.Archive.Files[i].Data = data
			return
		}
	}
	c.Archive.Files = append(c.Archive.Files, txtar.File{Name: name, Data: data})
}

// drop removes a section that no longer applies.
func (c *Case) drop(t *testing.T, name string) {
	t.Helper()
	if _, ok := c.Section(name); !ok {
		return
	}
	if !c.update {
		t.Errorf("nothing came out for section %s", name)
		return
	}
	kept := c.Archive.Files[:0]
	for _, f := range c.Archive.Files {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	c.Archive.Files = kept
}

// WithFacts completes an error as extproc does.
func WithFacts(err error, facts translator.Facts) *translator.Error {
	e := *translator.AsError(err)
	e.Facts = facts
	return &e
}

// Verbatim keeps strings as they are written, and repeated names.
func Verbatim() json.Options {
	return json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))
}

// indent prints JSON for people, without touching strings and numbers.
func indent(t testing.TB, v []byte) []byte {
	t.Helper()
	value := jsontext.Value(bytes.Clone(v))
	if err := value.Indent(Verbatim(), jsontext.WithIndent("  ")); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, v)
	}
	return value
}
