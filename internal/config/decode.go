package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder walks YAML nodes and keeps every problem with its line.
type decoder struct {
	file     string
	problems []error
}

// fields are the keys that a mapping may have, and what reads each.
type fields map[string]func(n *yaml.Node, path string)

func (d *decoder) problem(n *yaml.Node, path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.file, n.Line, text))
}

// mapping reads known keys, puts the paths of tolerated ones into skipped, and
// reports the rest.
func (d *decoder) mapping(n *yaml.Node, path string, tolerated map[string]bool, skipped *[]string, known fields) {
	d.entries(n, path, func(key string, value *yaml.Node, at string) {
		switch read, ok := known[key]; {
		case ok:
			read(value, at)
		case tolerated[key]:
			*skipped = append(*skipped, at)
		default:
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			d.problem(value, at, "unknown key%s", suggest(key, names))
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

// text reads a scalar as it is written: YAML's own idea of numbers and booleans
// is of no use in names. null leaves the field alone.
func (d *decoder) text(n *yaml.Node, path string, field *string) {
	switch n = resolve(n); {
	case n.Kind != yaml.ScalarNode:
		d.problem(n, path, "must be text, not %s", describe(n))
	case n.Tag != "!!null":
		*field = n.Value
	}
}

// truth reads true or false.
func (d *decoder) truth(n *yaml.Node, path string, field *bool) {
	if n = resolve(n); n.Tag != "!!bool" {
		d.problem(n, path, "must be true or false, not %s", describe(n))
		return
	}
	*field = strings.EqualFold(n.Value, "true")
}

// count reads a whole number from 1 on.
func (d *decoder) count(n *yaml.Node, path string, field *int) {
	var text string
	d.text(n, path, &text)
	value, err := strconv.Atoi(text)
	if err != nil || value < 1 {
		d.problem(n, path, "must be a whole number from 1 on, not %q", text)
		return
	}
	*field = value
}

// duration reads a time with its unit, such as 30s.
func (d *decoder) duration(n *yaml.Node, path string, field *time.Duration) {
	var text string
	d.text(n, path, &text)
	value, err := time.ParseDuration(text)
	if err != nil || value == 0 {
		d.problem(n, path, "must be a time with its unit, such as 30s or 5m (-1s for no bound), not %q", text)
		return
	}
	*field = value
}

// texts reads a list.
func (d *decoder) texts(n *yaml.Node, path string, field *[]string) {
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		d.problem(n, path, "must be a list, not %s", describe(n))
		return
	}
	for i, item := range n.Content {
		var text string
		d.text(item, fmt.Sprintf("%s[%d]", path, i), &text)
		*field = append(*field, text)
	}
}

// textMap reads texts by name, none of them empty.
func (d *decoder) textMap(n *yaml.Node, path string, field *map[string]string) {
	*field = map[string]string{}
	d.entries(n, path, func(key string, n *yaml.Node, path string) {
		var value string
		if d.text(n, path, &value); value == "" && resolve(n).Kind == yaml.ScalarNode {
			d.problem(n, path, "must not be empty")
		}
		(*field)[key] = value
	})
}

func (d *decoder) oneOf(n *yaml.Node, path string, field *string, values ...string) {
	var got string
	d.text(n, path, &got)
	for _, v := range values {
		if got == v {
			*field = v
			return
		}
	}
	d.problem(n, path, "%q is none of %s", got, join(values))
}

// serverCredentials also takes the booleans of older files.
func (d *decoder) serverCredentials(n *yaml.Node, path string, field *string) {
	switch n := resolve(n); {
	case n.Tag == "!!bool" && strings.EqualFold(n.Value, "true"):
		*field = "always"
	case n.Tag == "!!bool":
		*field = "never"
	default:
		d.oneOf(n, path, field, "never", "fallback", "always")
	}
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
