package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// llm is the section providers.llm, in either form.
type llm struct{ field *LLM }

func (v llm) read(d *decoder, n *yaml.Node, path string) { v.field.decode(d, n, path) }

// named is backends by name.
type named struct{ field *LLM }

func (v named) read(d *decoder, n *yaml.Node, path string) {
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		b := Backend{Name: name}
		b.decode(d, n, path)
		v.field.Backends = append(v.field.Backends, b)
	})
}

// keys are those of the form with several backends.
func (l *LLM) keys() []key {
	return []key{
		{"default", "The backend of calls that name none.", "required", "bedrock-us", text{field: &l.Default}},
		{"backends", "Backends by the name that clients give in `X-Provider-LLM`. Each has `backend` and `config`.", "required", "{bedrock-us: {backend: a.BedrockConverseProvider}}", named{l}},
	}
}

// decode accepts the reference's two forms: {backend, config} for one backend,
// and {default, backends: {name: {backend, config}}}.
func (l *LLM) decode(d *decoder, n *yaml.Node, path string) {
	if !d.isMapping(n, path) {
		return
	}
	l.Backends = nil
	if find(n, "backends") == nil && find(n, "backend") != nil {
		b := Backend{Name: DefaultBackend}
		b.decode(d, n, path)
		l.Default, l.Backends = DefaultBackend, []Backend{b}
		return
	}
	l.Default = ""
	d.mapping(n, path, nil, nil, l.keys())
	l.check(d, n, path)
}

// check holds the names together.
func (l *LLM) check(d *decoder, n *yaml.Node, path string) {
	if len(l.Backends) == 0 {
		d.problem(n, path, "needs backend, or backends with at least one name")
		return
	}
	names := make([]string, len(l.Backends))
	for i, b := range l.Backends {
		names[i] = b.Name
	}
	l.checkFallbacks(d, n, path, names)
	if slices.Contains(names, l.Default) {
		return
	}
	at := find(n, "default")
	if at == nil {
		d.problem(n, path, "needs default, the name of one of its backends: %s", join(names))
		return
	}
	d.problem(at, path+".default", "there is no backend %q%s", l.Default, suggest(l.Default, names))
}

// checkFallbacks holds fallbacks to the backends that there are.
func (l *LLM) checkFallbacks(d *decoder, n *yaml.Node, path string, names []string) {
	for _, b := range l.Backends {
		for _, name := range b.Fallback {
			problem := l.fallbackProblem(b, name, names)
			if problem == "" {
				continue
			}
			at := find(find(find(find(n, "backends"), b.Name), "config"), "fallback")
			d.problem(at, path+".backends."+b.Name+".config.fallback", "%s", problem)
		}
	}
}

// fallbackProblem says why the backend of that name cannot stand in for b.
func (l *LLM) fallbackProblem(b Backend, name string, names []string) string {
	at := slices.Index(names, name)
	if at < 0 || name == b.Name {
		return fmt.Sprintf("there is no other backend %q%s", name, suggest(name, names))
	}
	if lacks := b.lacks(l.Backends[at]); lacks != "" {
		return fmt.Sprintf("%q has %s, and calls that come from %q would be without it: give it to both", name, lacks, b.Name)
	}
	return ""
}

// lacks names what another backend puts into requests and this one does not. The
// request of a call is made once, for the backend that was asked.
func (b *Backend) lacks(other Backend) string {
	if other.Guardrail != nil && (b.Guardrail == nil || *b.Guardrail != *other.Guardrail) {
		return "a guardrail of its own"
	}
	for _, name := range slices.Sorted(maps.Keys(other.RequestMetadata)) {
		if _, ok := b.RequestMetadata[name]; !ok {
			return "request_metadata " + strconv.Quote(name)
		}
	}
	return ""
}
