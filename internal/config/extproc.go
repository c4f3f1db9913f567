package config

import (
	"go.yaml.in/yaml/v3"
)

func (e *Extproc) decode(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, fields{
		"translation":     func(n *yaml.Node, path string) { d.oneOf(n, path, &e.Translation, "repair", "strict", "passthrough") },
		"tool_use_deltas": func(n *yaml.Node, path string) { d.oneOf(n, path, &e.ToolUseDeltas, "auto", "always", "never") },
		"model_families":  func(n *yaml.Node, path string) { d.textMap(n, path, &e.ModelFamilies) },
		"families_file":   func(n *yaml.Node, path string) { d.text(n, path, &e.FamiliesFile) },
		"timeouts":        func(n *yaml.Node, path string) { e.Timeouts.decode(d, n, path) },
		"retry":           func(n *yaml.Node, path string) { e.Retry.decode(d, n, path) },
		"cool_down":       func(n *yaml.Node, path string) { e.CoolDown.decode(d, n, path) },
	})
}

func (t *Timeouts) decode(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, fields{
		"first_event": func(n *yaml.Node, path string) { d.duration(n, path, &t.FirstEvent) },
		"reply":       func(n *yaml.Node, path string) { d.duration(n, path, &t.Reply) },
		"silence":     func(n *yaml.Node, path string) { d.duration(n, path, &t.Silence) },
		"call":        func(n *yaml.Node, path string) { d.duration(n, path, &t.Call) },
	})
}

func (r *Retry) decode(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, fields{
		"attempts":   func(n *yaml.Node, path string) { d.count(n, path, &r.Attempts) },
		"base_delay": func(n *yaml.Node, path string) { d.duration(n, path, &r.BaseDelay) },
		"max_delay":  func(n *yaml.Node, path string) { d.duration(n, path, &r.MaxDelay) },
		"budget":     func(n *yaml.Node, path string) { d.duration(n, path, &r.Budget) },
	})
}

func (c *CoolDown) decode(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, fields{
		"first": func(n *yaml.Node, path string) { d.duration(n, path, &c.First) },
		"max":   func(n *yaml.Node, path string) { d.duration(n, path, &c.Max) },
	})
}
