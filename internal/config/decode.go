package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder walks YAML nodes and keeps every problem with its line.
type decoder struct {
	file     string
	problems []error
	uses     []use
}

func (d *decoder) problem(n *yaml.Node, path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.file, n.Line, text))
}

// mapping reads known keys, puts the paths of tolerated ones into skipped, and
// reports the rest.
func (d *decoder) mapping(n *yaml.Node, path string, tolerated map[string]bool, skipped *[]string, known []key) {
	d.entries(n, path, func(name string, value *yaml.Node, at string) {
		i := slices.IndexFunc(known, func(k key) bool { return k.name == name })
		switch {
		case i >= 0:
			known[i].value.read(d, value, at)
		case tolerated[name]:
			*skipped = append(*skipped, at)
		default:
			names := make([]string, len(known))
			for i, k := range known {
				names[i] = k.name
			}
			d.problem(value, at, "unknown key%s", suggest(name, names))
		}
	})
}

// entries calls each for every key of a mapping, in order; a key that comes
// twice is a problem.
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
			d.problem(n.Content[i], at, "is given twice")
			continue
		}
		seen[key] = true
		each(key, value, at)
	}
}

// isMapping reports a node that is something else. An empty value is an empty
// mapping.
func (d *decoder) isMapping(n *yaml.Node, path string) bool {
	n = resolve(n)
	switch {
	case n.Kind == yaml.MappingNode:
		return true
	case n.Tag != "!!null":
		d.problem(n, path, "must be a mapping of keys to values, not %s", describe(n))
	}
	return false
}

// text is a scalar as it is written, and false for null or something else.
func (d *decoder) text(n *yaml.Node, path string) (string, bool) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode {
		d.problem(n, path, "must be text, not %s", describe(n))
		return "", false
	}
	if n.Tag == "!!null" {
		return "", false
	}
	return n.Value, true
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// find returns the value of a key, or nil.
func find(n *yaml.Node, key string) *yaml.Node {
	n = resolve(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
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
