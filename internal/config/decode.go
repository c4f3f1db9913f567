package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A decoder fills in a Config from YAML nodes and keeps every problem. Paths are
// written as in its problems: "providers.llm.default", "bedrock_extproc.access[0]".
type decoder struct {
	cfg      *Config
	file     string         // "" for none
	lines    map[string]int // of the values, by path
	settings map[string]string
	problems []problem
	uses     []use
	skipped  []string // paths of ignored sections
}

func newDecoder(file string) *decoder {
	return &decoder{cfg: Default(), file: file, lines: map[string]int{}, settings: map[string]string{}}
}

// mapping reads known keys, skips the tolerated ones, and reports the rest.
func (d *decoder) mapping(n *yaml.Node, path string, tolerated map[string]bool, known []key) {
	d.entries(n, path, func(name string, value *yaml.Node, at string) {
		i := slices.IndexFunc(known, func(k key) bool { return k.name == name })
		switch {
		case i >= 0:
			known[i].value.read(d, value, at)
		case tolerated[name]:
			d.skipped = append(d.skipped, at)
		default:
			names := make([]string, len(known))
			for i, k := range known {
				names[i] = k.name
			}
			d.problem(at, "unknown key%s", suggest(name, names))
		}
	})
}

// entries calls each for every key of a mapping, in order; a repeated key is a
// problem.
func (d *decoder) entries(n *yaml.Node, path string, each func(key string, value *yaml.Node, path string)) {
	if !d.isMapping(n, path) {
		return
	}
	n = resolve(n)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, resolve(n.Content[i+1])
		at := strings.TrimPrefix(path+"."+key, ".")
		if seen[key] {
			d.problemAt(n.Content[i].Line, at, "is given twice")
			continue
		}
		seen[key] = true
		d.lines[at] = value.Line
		each(key, value, at)
	}
}

// items calls each for every item of a list, in order.
func (d *decoder) items(n *yaml.Node, path string, each func(item *yaml.Node, path string)) {
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		d.problem(path, "must be a list, not %s", describe(n))
		return
	}
	for i, item := range n.Content {
		item, at := resolve(item), fmt.Sprintf("%s[%d]", path, i)
		d.lines[at] = item.Line
		each(item, at)
	}
}

// isMapping reports whether a node is a mapping, and records a problem if it is
// anything else but an empty value.
func (d *decoder) isMapping(n *yaml.Node, path string) bool {
	n = resolve(n)
	switch {
	case n.Kind == yaml.MappingNode:
		return true
	case n.Tag != "!!null":
		d.problem(path, "must be a mapping of keys to values, not %s", describe(n))
	}
	return false
}

// text returns a scalar as it is written, and false for null and for anything else.
func (d *decoder) text(n *yaml.Node, path string) (string, bool) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode {
		d.problem(path, "must be text, not %s", describe(n))
		return "", false
	}
	if n.Tag == "!!null" {
		return "", false
	}
	return n.Value, true
}

// resolve follows YAML aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	default:
		return fmt.Sprintf("%q", n.Value)
	}
}
