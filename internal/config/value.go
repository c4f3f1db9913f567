package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A key is one key of a mapping. What it says of itself is the reference page.
type key struct {
	name string
	// doc is what the key sets, in Markdown.
	doc string
	// absent is what counts without the key.
	absent string
	// example is a value, as YAML.
	example string
	value   value
}

// A value reads one node into a field, or reports what is wrong with it.
type value interface {
	read(d *decoder, n *yaml.Node, path string)
}

// text is a scalar as it is written: YAML's own idea of numbers and booleans is of
// no use in names. null leaves the field alone.
type text struct {
	field *string
	check func(string) error // nil accepts everything
}

func (v text) read(d *decoder, n *yaml.Node, path string) {
	got, ok := d.text(n, path)
	if !ok {
		return
	}
	*v.field = got
	if v.check == nil {
		return
	}
	if err := v.check(got); err != nil {
		d.problem(n, path, "%v", err)
	}
}

// truth is true or false.
type truth struct{ field *bool }

func (v truth) read(d *decoder, n *yaml.Node, path string) {
	if n = resolve(n); n.Tag != "!!bool" {
		d.problem(n, path, "must be true or false, not %s", describe(n))
		return
	}
	*v.field = strings.EqualFold(n.Value, "true")
}

// count is a whole number from 1 on.
type count struct{ field *int }

func (v count) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	number, err := strconv.Atoi(got)
	if err != nil || number < 1 {
		d.problem(n, path, "must be a whole number from 1 on, not %q", got)
		return
	}
	*v.field = number
}

// duration is a time with its unit, such as 30s.
type duration struct{ field *time.Duration }

func (v duration) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	length, err := time.ParseDuration(got)
	if err != nil || length == 0 {
		d.problem(n, path, "must be a time with its unit, such as 30s or 5m (-1s for no bound), not %q", got)
		return
	}
	*v.field = length
}

// choice is one of several words. true and false may stand for two of them.
type choice struct {
	field   *string
	words   []string
	yes, no string
}

func (v choice) read(d *decoder, n *yaml.Node, path string) {
	n = resolve(n)
	if n.Tag == "!!bool" && v.yes != "" {
		*v.field = v.no
		if strings.EqualFold(n.Value, "true") {
			*v.field = v.yes
		}
		return
	}
	got, _ := d.text(n, path)
	if !slices.Contains(v.words, got) {
		d.problem(n, path, "%q is none of %s", got, join(v.words))
		return
	}
	*v.field = got
}

// texts is a list.
type texts struct{ field *[]string }

func (v texts) read(d *decoder, n *yaml.Node, path string) {
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		d.problem(n, path, "must be a list, not %s", describe(n))
		return
	}
	for i, item := range n.Content {
		got, _ := d.text(item, fmt.Sprintf("%s[%d]", path, i))
		*v.field = append(*v.field, got)
	}
}

// textMap is texts by name, none of them empty.
type textMap struct {
	field *map[string]string
	// check is for a text in the light of all; nil accepts everything.
	check func(all map[string]string, text string) error
}

func (v textMap) read(d *decoder, n *yaml.Node, path string) {
	all := map[string]string{}
	var checks []func()
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		got, _ := d.text(n, path)
		all[name] = got
		if got == "" {
			if n.Kind == yaml.ScalarNode {
				d.problem(n, path, "must not be empty")
			}
			return
		}
		checks = append(checks, func() {
			if err := v.check(all, got); err != nil {
				d.problem(n, path, "%v", err)
			}
		})
	})
	*v.field = all
	if v.check == nil {
		return
	}
	for _, check := range checks {
		check()
	}
}

// section is a mapping with keys of its own.
type section struct {
	// keys are asked for once, when the section is read.
	keys func() []key
	// check is for the whole; nil accepts everything.
	check func(d *decoder, n *yaml.Node, path string)
}

func (v section) read(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, v.keys())
	if v.check != nil {
		v.check(d, n, path)
	}
}
