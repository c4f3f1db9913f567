package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// shape describes the type and constraints of a value.
type shape struct {
	kind      kind
	members   []member // of a structure or union
	elem      *shape   // of a list or map
	key       *shape   // of a map
	min, max  int      // length; max 0 means no limit
	low, high *float64 // range of a number
	pattern   *regexp.Regexp
	enum      []string
	sensitive bool // messages do not quote the value
}

type kind int

const (
	structKind kind = iota
	unionKind
	listKind
	mapKind
	textKind
	boolKind
	intKind
	numberKind
	blobKind // base64
	anyKind  // any JSON
)

type member struct {
	name     string
	required bool
	*shape
}

func req(name string, s *shape) member { return member{name: name, required: true, shape: s} }
func opt(name string, s *shape) member { return member{name: name, shape: s} }

func structOf(members ...member) *shape { return &shape{kind: structKind, members: members} }
func unionOf(members ...member) *shape  { return &shape{kind: unionKind, members: members} }
func listOf(elem *shape) *shape         { return &shape{kind: listKind, elem: elem} }

// free is text written by the caller, which messages do not quote.
func free(atLeast int) *shape { return &shape{kind: textKind, min: atLeast, sensitive: true} }

func enum(values ...string) *shape { return &shape{kind: textKind, enum: values} }

func name(atLeast, atMost int, pattern string) *shape {
	s := &shape{kind: textKind, min: atLeast, max: atMost}
	if pattern != "" {
		s.pattern = regexp.MustCompile(`^(?:` + pattern + `)$`)
	}
	return s
}

func (s *shape) length(atLeast, atMost int) *shape {
	s.min, s.max = atLeast, atMost
	return s
}

func (s *shape) between(low, high float64) *shape {
	s.low, s.high = &low, &high
	return s
}

func (s *shape) atLeast(low float64) *shape {
	s.low = &low
	return s
}

func (s *shape) member(name string) (member, bool) {
	i := slices.IndexFunc(s.members, func(m member) bool { return m.name == name })
	if i < 0 {
		return member{}, false
	}
	return s.members[i], true
}

// path is the position of a value: member names and list indexes.
type path []any

func (p path) to(step any) path { return append(slices.Clip(p), step) }

// counted formats the path as the constraint layer does: tools.1.member.name.
func (p path) counted() string {
	var parts []string
	for _, step := range p {
		if i, ok := step.(int); ok {
			parts = append(parts, fmt.Sprint(i+1), "member")
			continue
		}
		parts = append(parts, fmt.Sprint(step))
	}
	return strings.Join(parts, ".")
}

// dotted formats the path as rules do: tools.0.name.
func (p path) dotted() string {
	var parts []string
	for _, step := range p {
		parts = append(parts, fmt.Sprint(step))
	}
	return strings.Join(parts, ".")
}
