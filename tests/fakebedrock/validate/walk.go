package validate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// walker compares a value with its shape and collects violations.
type walker struct {
	unknown     []string
	constraints []string
	unions      []string
}

// check walks a body of the shape s. It returns an error if the body cannot be decoded.
func check(s *shape, body []byte) (*walker, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("the request body is not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the request body has trailing data after its JSON")
	}
	w := &walker{}
	return w, w.value(s, value, nil)
}

// value checks one value. It returns an error for a wrong type.
func (w *walker) value(s *shape, v any, at path) error {
	switch s.kind {
	case structKind, unionKind:
		return w.object(s, v, at)
	case listKind:
		return w.list(s, v, at)
	case mapKind:
		return w.stringMap(s, v, at)
	case textKind:
		return w.text(s, v, at)
	case intKind, numberKind:
		return w.number(s, v, at)
	case blobKind:
		return w.blob(s, v, at)
	case boolKind:
		if _, ok := v.(bool); !ok {
			return wrongType(v, "a boolean", at)
		}
	case anyKind: // any
	}
	return nil
}

func (w *walker) object(s *shape, v any, at path) error {
	object, ok := v.(map[string]any)
	if !ok {
		return wrongType(v, "an object", at)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, ok := s.member(name); !ok {
			w.unknown = append(w.unknown, fmt.Sprintf("%s: extraneous key [%s] is not permitted. Remove it and try again.", w.where(at), name))
		}
	}
	set := 0
	for _, m := range s.members {
		value := object[m.name]
		switch {
		case value != nil:
			set++
			if err := w.value(m.shape, value, at.to(m.name)); err != nil {
				return err
			}
		case m.required:
			w.violated(m.shape, nil, at.to(m.name), "Member must not be null")
		}
	}
	if s.kind == unionKind && set != 1 {
		w.unions = append(w.unions, fmt.Sprintf("The object at %s must set one of the following keys: %s.", w.where(at), names(s)))
	}
	return nil
}

func names(s *shape) string {
	var list []string
	for _, m := range s.members {
		list = append(list, m.name)
	}
	return strings.Join(list, ", ")
}

func (w *walker) where(at path) string {
	if len(at) == 0 {
		return "request"
	}
	return at.dotted()
}

func (w *walker) list(s *shape, v any, at path) error {
	items, ok := v.([]any)
	if !ok {
		return wrongType(v, "a list", at)
	}
	w.length(s, v, len(items), at)
	for i, item := range items {
		if item == nil {
			w.violated(s.elem, nil, at.to(i), "Member must not be null")
			continue
		}
		if err := w.value(s.elem, item, at.to(i)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) stringMap(s *shape, v any, at path) error {
	entries, ok := v.(map[string]any)
	if !ok {
		return wrongType(v, "an object", at)
	}
	w.length(s, v, len(entries), at)
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if err := w.value(s.key, key, at.to(key)); err != nil {
			return err
		}
		if err := w.value(s.elem, entries[key], at.to(key)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) text(s *shape, v any, at path) error {
	value, ok := v.(string)
	if !ok {
		return wrongType(v, "a string", at)
	}
	w.length(s, v, utf8.RuneCountInString(value), at)
	if s.pattern != nil && !s.pattern.MatchString(value) {
		pattern := strings.TrimSuffix(strings.TrimPrefix(s.pattern.String(), "^(?:"), ")$")
		w.violated(s, v, at, "Member must satisfy regular expression pattern: "+pattern)
	}
	if s.enum != nil && !slices.Contains(s.enum, value) {
		w.violated(s, v, at, "Member must satisfy enum value set: ["+strings.Join(s.enum, ", ")+"]")
	}
	return nil
}

func (w *walker) number(s *shape, v any, at path) error {
	literal, ok := v.(json.Number)
	if !ok {
		return wrongType(v, "a number", at)
	}
	if _, err := strconv.ParseInt(literal.String(), 10, 32); s.kind == intKind && err != nil {
		return wrongType(v, "an integer", at)
	}
	value, err := literal.Float64()
	if err != nil {
		return wrongType(v, "a number", at)
	}
	if s.low != nil && value < *s.low {
		w.violated(s, v, at, fmt.Sprintf("Member must have value greater than or equal to %v", *s.low))
	}
	if s.high != nil && value > *s.high {
		w.violated(s, v, at, fmt.Sprintf("Member must have value less than or equal to %v", *s.high))
	}
	return nil
}

func (w *walker) blob(s *shape, v any, at path) error {
	value, ok := v.(string)
	if !ok {
		return wrongType(v, "a string", at)
	}
	decoded, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return fmt.Errorf("%s is not base64: %w", at.dotted(), err)
	}
	w.length(s, v, len(decoded), at)
	return nil
}

func (w *walker) length(s *shape, v any, n int, at path) {
	if n < s.min {
		w.violated(s, v, at, fmt.Sprintf("Member must have length greater than or equal to %d", s.min))
	}
	if s.max > 0 && n > s.max {
		w.violated(s, v, at, fmt.Sprintf("Member must have length less than or equal to %d", s.max))
	}
}

// violated records a violated constraint. The message omits long and sensitive values.
func (w *walker) violated(s *shape, v any, at path, constraint string) {
	shown := ""
	switch v.(type) {
	case string, json.Number, nil:
		if !s.sensitive && s.kind != blobKind {
			shown = fmt.Sprintf(" '%v'", v)
		}
	}
	if v == nil {
		shown = " null"
	}
	w.constraints = append(w.constraints, fmt.Sprintf("Value%s at '%s' failed to satisfy constraint: %s", shown, at.counted(), constraint))
}

// wrongType is the error for a value of the wrong type.
func wrongType(v any, want string, at path) error {
	got := "null"
	switch v.(type) {
	case bool:
		got = "a boolean"
	case json.Number:
		got = "a number"
	case string:
		got = "a string"
	case []any:
		got = "a list"
	case map[string]any:
		got = "an object"
	}
	if len(at) == 0 {
		return fmt.Errorf("the request body is %s, not %s", got, want)
	}
	return fmt.Errorf("%s is %s, not %s", at.dotted(), got, want)
}
