package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
)

// llm is the section providers.llm, in either of the gateway's forms: {backend,
// config} for one backend, or {default, backends: {name: {backend, config}}}.
type llm struct{ cfg *Config }

// keys are those of the form with several backends.
func (v llm) keys() []key {
	return []key{
		{"default", "The backend for calls that name none.", "required", "bedrock-us", text{&v.cfg.Bedrock.Default}},
		{"backends", "Backends by the name that clients send in `X-Provider-LLM`. Each has `backend` and `config`.", "required", "{bedrock-us: {backend: a.BedrockConverseProvider}}", backends(v)},
	}
}

func (v llm) read(d *decoder, n *yaml.Node, path string) {
	if !d.isMapping(n, path) {
		return
	}
	v.cfg.Bedrock.Backends, v.cfg.Defaults, v.cfg.MaxCalls = nil, map[string]identity.Defaults{}, nil
	if !has(n, "backends") && has(n, "backend") {
		v.cfg.add(d, n, path, bedrock.DefaultBackend)
		return
	}
	v.cfg.Bedrock.Default = ""
	d.mapping(n, path, nil, v.keys())
	v.check(d, path)
}

// check reports names of backends that do not exist.
func (v llm) check(d *decoder, path string) {
	names := v.cfg.backendNames()
	if len(names) == 0 {
		d.problem(path, "backend, or backends with at least one entry, is required")
		v.cfg.Bedrock.Default = "" // otherwise it is reported again
		return
	}
	for _, b := range v.cfg.Bedrock.Backends {
		for i, name := range b.Fallback {
			if name == b.Name || !slices.Contains(names, name) {
				d.problem(fmt.Sprintf("%s.fallback[%d]", d.settings[b.Name], i), "there is no other backend %q%s", name, suggest(name, names))
			}
		}
	}
	name := v.cfg.Bedrock.Default
	switch {
	case !d.given(path + ".default"):
		d.problem(path, "default is required: one of %s", join(names))
	case !slices.Contains(names, name):
		d.problem(path+".default", "there is no backend %q%s", name, suggest(name, names))
	}
}

// backends is several backends by name.
type backends struct{ cfg *Config }

func (v backends) read(d *decoder, n *yaml.Node, path string) {
	d.entries(n, path, func(name string, n *yaml.Node, path string) { v.cfg.add(d, n, path, name) })
}

// add reads a backend.
func (c *Config) add(d *decoder, n *yaml.Node, path, name string) {
	b := backend{BackendConfig: bedrock.BackendConfig{Name: name}}
	d.settings[name] = path + ".config"
	d.mapping(n, path, nil, b.keys())
	if n.Kind == yaml.MappingNode && !d.given(path+".backend") {
		d.problem(path, "backend is required: the path of a class that ends in %s", providerClass)
	}
	c.Bedrock.Backends = append(c.Bedrock.Backends, b.BackendConfig)
	c.Defaults[name] = b.defaults
	if b.maxCalls > 0 {
		if c.MaxCalls == nil {
			c.MaxCalls = map[string]int{}
		}
		c.MaxCalls[name] = b.maxCalls
	}
}

// checkFallbackDefaults reports fallbacks with defaults that the backend lacks: a
// request is translated once, for the backend that was asked.
func (d *decoder) checkFallbackDefaults() {
	for _, b := range d.cfg.Bedrock.Backends {
		for i, name := range b.Fallback {
			if lacks := missing(d.cfg.Defaults[b.Name], d.cfg.Defaults[name]); lacks != "" {
				d.problem(fmt.Sprintf("%s.fallback[%d]", d.settings[b.Name], i),
					"%q has %s, which calls that fall back from %q would lack: give it to both", name, lacks, b.Name)
			}
		}
	}
}

// missing names a default of other that own lacks, or returns "".
func missing(own, other identity.Defaults) string {
	if other.Guardrail != nil && (own.Guardrail == nil || !own.Guardrail.Equal(*other.Guardrail)) {
		return "a guardrail of its own"
	}
	for _, name := range slices.Sorted(maps.Keys(other.RequestMetadata)) {
		if _, ok := own.RequestMetadata[name]; !ok {
			return "request_metadata " + strconv.Quote(name)
		}
	}
	return ""
}

// has reports whether a mapping has a key.
func has(n *yaml.Node, key string) bool { return member(n, key) != nil }
