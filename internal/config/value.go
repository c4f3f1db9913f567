package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A key is one key of a mapping. Its texts are those of the reference page.
type key struct {
	name string
	// doc is what the key sets, in Markdown.
	doc string
	// absent says what applies without the key.
	absent string
	// example is a value, as YAML.
	example string
	value   value
}

// A value reads one node into a field, or records a problem.
type value interface {
	read(d *decoder, n *yaml.Node, path string)
}

// text is a scalar as it is written: YAML's types do not matter in names. null
// leaves the field alone.
type text struct{ field *string }

func (v text) read(d *decoder, n *yaml.Node, path string) {
	if got, ok := d.text(n, path); ok {
		*v.field = got
	}
}

// truth is true or false.
type truth struct{ field *bool }

func (v truth) read(d *decoder, n *yaml.Node, path string) {
	if n = resolve(n); n.Tag != "!!bool" {
		d.problem(path, "must be true or false, not %s", describe(n))
		return
	}
	*v.field = strings.EqualFold(n.Value, "true")
}

// count is a whole number of at least 1.
type count struct{ field *int }

func (v count) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	number, err := strconv.Atoi(got)
	if err != nil || number < 1 {
		d.problem(path, "must be a whole number of at least 1, not %q", got)
		return
	}
	*v.field = number
}

// duration is a duration with its unit, such as 30s.
type duration struct{ field *time.Duration }

func (v duration) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	length, err := time.ParseDuration(got)
	if err != nil || length == 0 {
		d.problem(path, "must be a duration with a unit, such as 30s or 5m (-1s for no limit), not %q", got)
		return
	}
	*v.field = length
}

// choice is one of several words. true and false may stand for two of them.
type choice struct {
	words   []string
	set     func(i int) // to the meaning of the word of that index
	yes, no string
}

// oneOf is a choice of words with these meanings.
func oneOf[T any](field *T, words []string, meanings ...T) choice {
	return choice{words: words, set: func(i int) { *field = meanings[i] }}
}

func (v choice) read(d *decoder, n *yaml.Node, path string) {
	n = resolve(n)
	got := v.no
	switch {
	case n.Tag != "!!bool" || v.yes == "":
		got, _ = d.text(n, path)
	case strings.EqualFold(n.Value, "true"):
		got = v.yes
	}
	i := slices.Index(v.words, got)
	if i < 0 {
		d.problem(path, "%q is not one of %s", got, join(v.words))
		return
	}
	v.set(i)
}

// texts is a list.
type texts struct{ field *[]string }

func (v texts) read(d *decoder, n *yaml.Node, path string) {
	d.items(n, path, func(item *yaml.Node, path string) {
		got, _ := d.text(item, path)
		*v.field = append(*v.field, got)
	})
}

// choices is a list of at least one of these words.
type choices struct {
	field *[]string
	known []string
}

func (v choices) read(d *decoder, n *yaml.Node, path string) {
	d.items(n, path, func(item *yaml.Node, path string) {
		var word string
		oneOf(&word, v.known, v.known...).read(d, item, path)
		*v.field = append(*v.field, word)
	})
	if len(*v.field) == 0 {
		d.problem(path, "must name at least one of %s", join(v.known))
	}
}

// textMap is texts by name, none of them empty.
type textMap struct{ field *map[string]string }

func (v textMap) read(d *decoder, n *yaml.Node, path string) {
	*v.field = map[string]string{}
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		got, _ := d.text(n, path)
		(*v.field)[name] = got
		if got == "" && n.Kind == yaml.ScalarNode {
			d.problem(path, "must not be empty")
		}
	})
}

// section is a mapping with keys of its own.
type section struct {
	// keys is called once, when the section is read.
	keys func() []key
	// check checks the section as a whole; nil accepts everything.
	check func(d *decoder, path string)
}

func (v section) read(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, v.keys())
	if v.check != nil {
		v.check(d, path)
	}
}
