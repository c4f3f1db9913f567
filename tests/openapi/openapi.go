// Package openapi compares requests and answers of the gateway's API with its description,
// docs/openapi.yaml. Tests call it: the end-to-end suite with every answer it gets.
package openapi

import (
	"bytes"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// base is the name under which the description's schemas refer to each other.
const base = "file:///openapi.json"

// A Description is the parsed docs/openapi.yaml. It is safe for concurrent use.
type Description struct {
	root map[string]any

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema // by JSON pointer
}

// Load reads docs/openapi.yaml of this repository.
func Load() (*Description, error) {
	_, file, _, _ := runtime.Caller(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "../../docs/openapi.yaml"))
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func parse(text []byte) (*Description, error) {
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	d := &Description{root: root.(map[string]any), compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	return d, d.compiler.AddResource(base, root)
}

// CheckRequest compares a JSON body with what an operation takes.
func (d *Description) CheckRequest(method, path string, body []byte) error {
	schema := d.find("paths", path, strings.ToLower(method), "requestBody", "content", "application/json", "schema")
	if schema == "" {
		return fmt.Errorf("%s %s takes no JSON", method, path)
	}
	return d.check(schema, body)
}

// CheckResponse compares a body with the description of a response. The status may be
// covered by a class such as 4XX. A stream is compared event by event.
func (d *Description) CheckResponse(method, path string, status int, contentType string, body []byte) error {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	schema := d.response(method, path, strconv.Itoa(status), media)
	if schema == "" {
		schema = d.response(method, path, strconv.Itoa(status/100)+"XX", media)
	}
	switch {
	case schema == "":
		return fmt.Errorf("%s %s: status %d with %s is not described", method, path, status, media)
	case media == "text/event-stream":
		return d.checkEvents(schema, body)
	}
	return d.check(schema, body)
}

func (d *Description) response(method, path, status, media string) string {
	return d.find("paths", path, strings.ToLower(method), "responses", status, "content", media, "schema")
}

// Describes reports whether a path is in the description.
func (d *Description) Describes(path string) bool { return d.find("paths", path) != "" }

// find returns the JSON pointer of a value, below references too, and "" if there is none.
func (d *Description) find(tokens ...string) string {
	value, pointer := any(d.root), ""
	for _, token := range tokens {
		object, _ := value.(map[string]any)
		if ref, ok := object["$ref"].(string); ok {
			pointer = strings.TrimPrefix(ref, "#")
			object, _ = d.at(pointer).(map[string]any)
		}
		value = object[token]
		if value == nil {
			return ""
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
	}
	return pointer
}

// at returns the value at the pointer of a reference.
func (d *Description) at(pointer string) any {
	value := any(d.root)
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		object, _ := value.(map[string]any)
		value = object[token]
	}
	return value
}

// checkEvents compares each complete event of a stream.
func (d *Description) checkEvents(schema string, stream []byte) error {
	for line := range strings.Lines(string(stream)) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || !strings.HasSuffix(data, "\n") {
			continue
		}
		if err := d.check(schema, []byte(data)); err != nil {
			return fmt.Errorf("event %.200s: %w", data, err)
		}
	}
	return nil
}

func (d *Description) check(pointer string, body []byte) error {
	schema, err := d.compile(pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (d *Description) compile(pointer string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if schema := d.compiled[pointer]; schema != nil {
		return schema, nil
	}
	schema, err := d.compiler.Compile(base + "#" + pointer)
	d.compiled[pointer] = schema
	return schema, err
}
