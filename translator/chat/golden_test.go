package chat

import (
	"bytes"
	"errors"
	"flag"
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

var update = flag.Bool("update", false, "write the expectations of testdata again")

// golden is one case of testdata: a comment that says what it shows, and sections.
//
//	request.json   the client's body
//	settings.json  {"translation", "stream", "failed_streams", "early_errors", "user_agent", "default_model",
//	               "model_families"}, all optional
//	converse.json  the Converse request that is expected
//	warnings.json  what metadata.warnings says
//	error.json     the error body, if one is expected instead of the three above
//	reply.json     Bedrock's reply, with client.json, the client's answer
//	events.jsonl   Bedrock's events, with client.sse, the client's events
type golden struct {
	file     string
	archive  *txtar.Archive
	settings settings
}

type settings struct {
	Translation   string            `json:"translation"`
	FailedStreams string            `json:"failed_streams"`
	EarlyErrors   string            `json:"early_errors"`
	Stream        bool              `json:"stream"`
	UserAgent     string            `json:"user_agent"`
	DefaultModel  string            `json:"default_model"`
	ModelFamilies map[string]string `json:"model_families"`
	// The backend's configuration.
	Models          map[string]string     `json:"models"`
	Guardrail       *translator.Guardrail `json:"guardrail"`
	RequestMetadata map[string]string     `json:"request_metadata"`
}

// header has the one header that chat reads.
func (s settings) header(name string) string {
	if name == "user-agent" {
		return s.UserAgent
	}
	return ""
}

func (g *golden) section(name string) ([]byte, bool) {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

// check compares a section with the result or, with -update, writes it.
func (g *golden) check(t *testing.T, name string, got []byte) {
	t.Helper()
	got = append(bytes.TrimRight(got, "\n"), '\n')
	if *update {
		g.write(name, got)
		return
	}
	want, ok := g.section(name)
	if !ok {
		t.Errorf("no section %s; got:\n%s", name, got)
		return
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func (g *golden) write(name string, data []byte) {
	for i := range g.archive.Files {
		if g.archive.Files[i].Name == name {
			g.archive.Files[i].Data = data
			return
		}
	}
	g.archive.Files = append(g.archive.Files, txtar.File{Name: name, Data: data})
}

// drop removes a section that no longer applies.
func (g *golden) drop(t *testing.T, name string) {
	t.Helper()
	if _, ok := g.section(name); !ok {
		return
	}
	if !*update {
		t.Errorf("nothing came out for section %s", name)
		return
	}
	kept := g.archive.Files[:0]
	for _, f := range g.archive.Files {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	g.archive.Files = kept
}

func goldens(t testing.TB) []*golden {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var all []*golden
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g := &golden{file: file, archive: archive, settings: settings{DefaultModel: "us.anthropic.claude-sonnet-4-20250514-v1:0"}}
		if text, ok := g.section("settings.json"); ok {
			if err := json.Unmarshal(text, &g.settings); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
		all = append(all, g)
	}
	return all
}

func (g *golden) dialect(t testing.TB) *Dialect {
	t.Helper()
	translation, ok := map[string]converse.Mode{"": converse.Repair, "strict": converse.Strict, "passthrough": converse.Passthrough}[g.settings.Translation]
	if !ok {
		t.Fatalf("unknown translation %q", g.settings.Translation)
	}
	failed, ok := map[string]FailedStreams{"": FailedAuto, "event": FailedEvent, "reset": FailedReset, "stop_error": FailedStopError}[g.settings.FailedStreams]
	if !ok {
		t.Fatalf("unknown failed_streams %q", g.settings.FailedStreams)
	}
	early, ok := map[string]EarlyErrors{"": EarlyStatus, "event": EarlyEvent}[g.settings.EarlyErrors]
	if !ok {
		t.Fatalf("unknown early_errors %q", g.settings.EarlyErrors)
	}
	d, err := New(converse.Settings{ModelFamilies: g.settings.ModelFamilies, Mode: translation}, Config{FailedStreams: failed, EarlyErrors: early})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (g *golden) decode(t testing.TB) (*translator.Call, error) {
	t.Helper()
	request, ok := g.section("request.json")
	if !ok {
		request = []byte(`{"messages":[{"role":"user","content":"hi"}]}`)
	}
	return g.dialect(t).Decode(translator.Request{
		Streaming: g.settings.Stream, Header: g.settings.header, DefaultModel: g.settings.DefaultModel, Body: request,
		Defaults: translator.Defaults{Models: g.settings.Models, Guardrail: g.settings.Guardrail, RequestMetadata: g.settings.RequestMetadata},
	})
}

// facts are the facts of every golden answer.
var facts = translator.Facts{RequestID: "req-1", AWSRequestID: "aws-1", Backend: "us", Region: "us-east-1", ModelID: "model-1", Attempts: 1}

func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(strings.TrimSuffix(filepath.Base(g.file), ".txtar"), func(t *testing.T) {
			g.run(t)
			if *update {
				if err := os.WriteFile(g.file, txtar.Format(g.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func (g *golden) run(t *testing.T) {
	if len(bytes.TrimSpace(g.archive.Comment)) == 0 {
		t.Error("the case does not say what it shows")
	}
	call, err := g.decode(t)
	if err != nil {
		e, ok := errors.AsType[*translator.Error](err)
		if !ok {
			t.Fatalf("the error is a %T", err)
		}
		e.Streaming = g.settings.Stream
		if answer := g.dialect(t).EncodeError(e); answer.ContentType == contentTypeStream {
			g.check(t, "client.sse", answer.Body)
		} else {
			g.check(t, "error.json", indent(t, answer.Body))
		}
		g.drop(t, "converse.json")
		return
	}
	g.drop(t, "error.json")
	if _, ok := g.section("request.json"); ok {
		g.check(t, "converse.json", indent(t, call.Body))
	}
	if call.Guarded != bytes.Contains(call.Body, []byte(`"guardrailConfig":`)) {
		t.Errorf("guarded: %t", call.Guarded)
	}
	if w := warningsOf(call); w != nil {
		g.check(t, "warnings.json", indent(t, w))
	} else {
		g.drop(t, "warnings.json")
	}
	g.answer(t, call)
}

func (g *golden) answer(t *testing.T, call *translator.Call) {
	if reply, ok := g.section("reply.json"); ok {
		answer, _, err := call.Encoder.EncodeReply(bytes.TrimSpace(reply), facts)
		if err != nil {
			answer = g.dialect(t).EncodeError(withFacts(err))
		}
		g.check(t, "client.json", indent(t, answer.Body))
	}
	if events, ok := g.section("events.jsonl"); ok {
		g.check(t, "client.sse", g.stream(t, call, events))
	}
}

// stream runs events through a stream. A line is {"kind": payload}.
func (g *golden) stream(t *testing.T, call *translator.Call, events []byte) []byte {
	s := call.Encoder.NewStream(facts)
	var out []byte
	for line := range bytes.Lines(events) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		only, ok := rawjson.Members(line).Only()
		if !ok {
			t.Fatalf("%s: event %s", g.file, line)
		}
		var err error
		if out, err = s.AppendEvent(out, translator.Event{Kind: only.Name, Payload: only.Value}); err != nil {
			return s.AppendError(out, withFacts(err))
		}
	}
	return s.AppendEnd(out)
}

// withFacts completes an error as extproc does.
func withFacts(err error) *translator.Error {
	e := *translator.AsError(err)
	e.Facts = facts
	return &e
}

// indent prints JSON for people, without touching strings and numbers.
func indent(t testing.TB, v []byte) []byte {
	t.Helper()
	value := jsontext.Value(bytes.Clone(v))
	if err := value.Indent(verbatim, jsontext.WithIndent("  ")); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, v)
	}
	return value
}

func warningsOf(c *translator.Call) []byte {
	return converse.EncodeWarnings(c.Encoder.(*call).warnings)
}

// lenient is for reading into Go types: the last of repeated names counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true))

// verbatim keeps strings as they are written, and repeated names.
var verbatim = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))
