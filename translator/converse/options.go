package converse

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"bedrock-extproc/translator/rawjson"
)

// The service's limits on additionalModelResponseFieldPaths and requestMetadata.
const (
	maxResponsePaths = 10
	maxMetadata      = 16
	maxMetadataText  = 256
)

// ResponsePaths adds additionalModelResponseFieldPaths: a list of JSON pointers.
func (r *Request) ResponsePaths(f Field) error {
	if rawjson.Absent(f.Value) {
		return nil
	}
	if rawjson.Kind(f.Value) != '[' {
		return Malformed(f.At, "Input should be a list of strings.")
	}
	for i, p := range rawjson.Elements(f.Value) {
		at := Index(f.At, i)
		if rawjson.Kind(p) != '"' {
			return Malformed(at, "Input should be a string.")
		}
		if text := rawjson.Text(p); !r.passes() && (!strings.HasPrefix(text, "/") || len(text) > 256) {
			return Invalid(at, "This is not a JSON pointer that Bedrock takes.", "Start with a slash, such as /stop_sequence, and use at most 256 characters.")
		}
		if i >= maxResponsePaths && !r.passes() {
			return Invalid(f.At, "There are more than 10 paths.", "Ask for 10 at most.")
		}
	}
	if !rawjson.Empty(f.Value) {
		r.Set("additionalModelResponseFieldPaths", f)
	}
	return nil
}

// metadataText is the service's pattern for keys and values of requestMetadata.
var metadataText = regexp.MustCompile(`^[a-zA-Z0-9\s:_@$#=/+,.-]*$`)

// RequestMetadata adds requestMetadata: an object of strings.
func (r *Request) RequestMetadata(f Field) error {
	if rawjson.Absent(f.Value) {
		return nil
	}
	if rawjson.Kind(f.Value) != '{' {
		return Malformed(f.At, "Input should be an object of strings.")
	}
	entries := rawjson.Members(f.Value)
	for i, e := range entries {
		at := f.At
		if key := e.Name; metadataText.MatchString(key) && len(key) <= maxMetadataText {
			at += "." + key
		}
		if rawjson.Kind(e.Value) != '"' {
			return Malformed(at, "Input should be a string.")
		}
		if !r.passes() && (e.Name == "" || !metadataFits(e.Name) || !metadataFits(rawjson.Text(e.Value))) {
			return Invalid(at, "Entry "+strconv.Itoa(i+1)+" has a key or a value that Bedrock does not take.",
				"Use letters, digits, white space and : _ @ $ # = / + , - . in at most 256 characters.")
		}
	}
	if len(entries) > maxMetadata && !r.passes() {
		return Invalid(f.At, "There are more than 16 entries.", "Send 16 at most.")
	}
	if len(entries) > 0 {
		r.Set("requestMetadata", f)
	}
	return nil
}

func metadataFits(text string) bool {
	return utf8.RuneCountInString(text) <= maxMetadataText && metadataText.MatchString(text)
}

// PromptVariables adds promptVariables: an object of strings, or of Converse's own
// {"text": …}.
func (r *Request) PromptVariables(f Field) error {
	if rawjson.Absent(f.Value) {
		return nil
	}
	if rawjson.Kind(f.Value) != '{' {
		return Malformed(f.At, "Input should be an object of strings.")
	}
	variables := rawjson.Members(f.Value)
	for i, v := range variables {
		switch rawjson.Kind(v.Value) {
		case '"':
			variables[i].Value = rawjson.Wrap("text", v.Value)
		case '{':
		default:
			return Malformed(f.At+"."+v.Name, "Input should be a string.")
		}
	}
	if len(variables) > 0 {
		r.Set("promptVariables", Field{variables.Value(), f.At})
	}
	return nil
}
