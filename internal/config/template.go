package config

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/identity"
)

// A use is a place that refers to a value of the section identity.
type use struct{ path, name string }

// template is a text with the names of values in braces.
type template struct{ field *identity.Template }

func (v template) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	var err error
	if *v.field, err = identity.Parse(got); err != nil {
		d.problem(path, "%v", err)
	}
	for _, name := range v.field.Names() {
		d.uses = append(d.uses, use{path, name})
	}
}

// templateMap is templates by name, none of them empty.
type templateMap struct {
	field *map[string]identity.Template
}

func (v templateMap) read(d *decoder, n *yaml.Node, path string) {
	*v.field = map[string]identity.Template{}
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		var t identity.Template
		template{&t}.read(d, n, path)
		(*v.field)[name] = t
		if n.Kind == yaml.ScalarNode && (n.Value == "" || n.Tag == "!!null") {
			d.problem(path, "must not be empty")
		}
	})
}

// valueName is the name of a value.
type valueName struct{ field *string }

func (v valueName) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	*v.field = got
	d.uses = append(d.uses, use{path, got})
}

// match is patterns by the names of values.
type match struct{ field *map[string]string }

func (v match) read(d *decoder, n *yaml.Node, path string) {
	if resolve(n).Tag == "!!null" {
		d.problem(path, "is empty: omit it, or write {}, to match every caller")
	}
	textMap(v).read(d, n, path)
	for _, name := range slices.Sorted(maps.Keys(*v.field)) {
		d.uses = append(d.uses, use{path + "." + name, name})
	}
}

// checkUses reports names that the section identity does not define, and uses of
// values that clients control where they may only be labels.
func (d *decoder) checkUses() {
	sources := d.cfg.Policy.Sources
	names := make([]string, len(sources))
	labels := map[string]bool{}
	for i, s := range sources {
		names[i], labels[s.Name] = s.Name, isLabel(s)
	}
	for _, u := range d.uses {
		switch {
		case labels[u.name] && !strings.Contains(u.path, ".request_metadata."):
			d.problem(u.path, "%q is "+requestID+", which clients control: it can be used in request_metadata only", u.name)
		case slices.Contains(names, u.name):
		case len(names) == 0:
			d.problem(u.path, "there is no value %q: bedrock_extproc.identity is empty", u.name)
		default:
			d.problem(u.path, "bedrock_extproc.identity has no value %q%s", u.name, suggest(u.name, names))
		}
	}
}
