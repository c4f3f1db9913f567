package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/identity"
)

// A use is a place where the name of a value of the section identity stands.
type use struct {
	node *yaml.Node
	path string
	name string
}

// template is a text with the names of values in braces.
type template struct{ field *string }

func (v template) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	*v.field = got
	d.template(n, path, got)
}

// templateMap is templates by name, none of them empty.
type templateMap struct{ field *map[string]string }

func (v templateMap) read(d *decoder, n *yaml.Node, path string) {
	textMap{field: v.field}.read(d, n, path)
	for name, text := range *v.field {
		d.template(find(n, name), path+"."+name, text)
	}
}

// match is patterns by the names of values.
type match struct{ field *map[string]string }

func (v match) read(d *decoder, n *yaml.Node, path string) {
	if resolve(n).Tag == "!!null" {
		d.problem(n, path, "is empty: leave it out, or write {}, to match everybody")
	}
	textMap{field: v.field}.read(d, n, path)
	for name := range *v.field {
		d.uses = append(d.uses, use{find(n, name), path + "." + name, name})
	}
}

// template notes the names in a text.
func (d *decoder) template(n *yaml.Node, path, text string) {
	t, err := identity.Parse(text)
	if err != nil {
		d.problem(n, path, "%v", err)
	}
	for _, name := range t.Names() {
		d.uses = append(d.uses, use{n, path, name})
	}
}

// checkUses holds the names that are used to those that there are.
func (d *decoder) checkUses(known []Identity) {
	names := make([]string, len(known))
	labels := map[string]bool{}
	for i, k := range known {
		names[i], labels[k.Name] = k.Name, k.label()
	}
	slices.SortStableFunc(d.uses, func(a, b use) int { return a.node.Line - b.node.Line })
	for _, u := range d.uses {
		switch {
		case labels[u.name] && !strings.Contains(u.path, ".request_metadata."):
			d.problem(u.node, u.path, "%q is "+requestID+", which clients may write: it is for request_metadata alone", u.name)
		case slices.Contains(names, u.name):
		case len(names) == 0:
			d.problem(u.node, u.path, "there is no value %q: bedrock_extproc.identity names none", u.name)
		default:
			d.problem(u.node, u.path, "bedrock_extproc.identity has no value %q%s", u.name, suggest(u.name, names))
		}
	}
}
