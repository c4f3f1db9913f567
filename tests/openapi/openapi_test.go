package openapi

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const (
	complete = "/api/v1/llm/completions"
	stream   = "/api/v1/llm/completions/stream"
)

// TestCases compares every golden case of the gateway's API: requests that are translated,
// answers, streams and errors.
func TestCases(t *testing.T) {
	d := load(t)
	files, err := filepath.Glob("../../translator/chat/testdata/*.txtar")
	if err != nil || len(files) < 300 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) { checkCase(t, d, name, archive) })
	}
}

// undescribed are requests that the sidecar translates although no client should send them.
var undescribed = map[string]string{
	"byte_order_mark":    "JSON has no byte order mark",
	"tool_schema_php_24": "a schema is an object; PHP writes an empty one as []",
}

func checkCase(t *testing.T, d *Description, name string, archive *txtar.Archive) {
	for _, f := range archive.Files {
		var err error
		switch f.Name {
		case "request.json":
			err = d.CheckRequest(http.MethodPost, complete, f.Data)
			if undescribed[name] != "" && err == nil {
				t.Error("is described, so it needs no exception")
			}
			if undescribed[name] != "" || refused(archive) {
				err = nil
			}
		case "client.json":
			err = d.CheckResponse(http.MethodPost, complete, statusOf(f.Data), "application/json", f.Data)
		case "client.sse":
			err = d.CheckResponse(http.MethodPost, stream, http.StatusOK, "text/event-stream", f.Data)
		case "error.json":
			err = d.CheckResponse(http.MethodPost, complete, statusOf(f.Data), "application/json", f.Data)
		}
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// refused reports whether the sidecar refuses the request of a case.
func refused(archive *txtar.Archive) bool {
	return !slices.ContainsFunc(archive.Files, func(f txtar.File) bool {
		return f.Name == "converse.json" || f.Name == "reply.json" || f.Name == "events.jsonl"
	})
}

// statusOf is the status in an error body, 200 in an answer.
func statusOf(body []byte) int {
	var answer struct{ Error struct{ Status int } }
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Status == 0 {
		return http.StatusOK
	}
	return answer.Error.Status
}

// TestDifferencesAreFound breaks bodies in one place each.
func TestDifferencesAreFound(t *testing.T) {
	d := load(t)
	for _, tt := range []struct {
		name, path, media, body string
		status                  int
	}{
		{"unknown member", complete, "application/json", `{"model":"m","content":"","usage":{},"metadata":{},"tool_calls":null,"stop_reason":null,"more":1}`, 200},
		{"missing member", complete, "application/json", `{"model":"m","content":"","usage":{},"metadata":{},"stop_reason":null}`, 200},
		{"wrong type", complete, "application/json", `{"model":"m","content":null,"usage":{},"metadata":{},"tool_calls":null,"stop_reason":null}`, 200},
		{"event without index", stream, "text/event-stream", "data: {\"type\":\"content_delta\",\"delta\":\"\"}\n\n", 200},
		{"unknown event", stream, "text/event-stream", "data: {\"type\":\"ping\"}\n\n", 200},
		{"error without type", complete, "application/json", `{"detail":"","error":{"status":400,"retryable":false}}`, 400},
		{"media type", complete, "text/html", `{}`, 502},
		{"status", complete, "application/json", `{}`, 302},
		{"path", "/api/v1/llm", "application/json", `{}`, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := d.CheckResponse(http.MethodPost, tt.path, tt.status, tt.media, []byte(tt.body)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func load(t *testing.T) *Description {
	t.Helper()
	d, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
