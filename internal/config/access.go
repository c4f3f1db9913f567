package config

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/identity"
)

// rules is the section access: a list of access rules.
type rules struct{ cfg *Config }

func (v rules) read(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.problem(path, "has no entry: omit it to let all callers use everything")
	}
	d.items(n, path, func(item *yaml.Node, path string) {
		var r identity.Rule
		d.mapping(item, path, nil, ruleKeys(&r))
		if len(item.Content) == 0 {
			d.problem(path, "is empty and would let all callers use everything: write {match: {}} if you mean that")
		}
		if models := path + ".models"; d.given(models) && (r.Models == nil || slices.Contains(r.Models, "")) {
			d.problem(models, "names no model: omit it to allow all of them")
		}
		if backend := path + ".backend"; d.given(backend) && r.Backend.IsZero() {
			d.problem(backend, "names no backend: omit it to leave the choice to the call")
		}
		v.cfg.Policy.Rules = append(v.cfg.Policy.Rules, r)
	})
}

func ruleKeys(r *identity.Rule) []key {
	return []key{
		{
			"match", "Patterns for the values of `identity`, by name. All of them must match. `*` stands for any text. For a list it is enough that one item matches. A missing value matches nothing.",
			"matches every caller", "{team: search}",
			match{&r.Match},
		},
		{"backend", "The backend for these callers, regardless of what the client or the route asks for. A template.", "the backend that the call asks for", "bedrock-eu", template{&r.Backend}},
		{"models", "Patterns for the names of models that these callers may use. They are compared with the name that the client sends: an alias has a name of its own. Calls for other models get 403.", "all", "[us.anthropic.*, fast]", texts{&r.Models}},
		{"guardrail", "The guardrail for these callers. It replaces the guardrail that a request names.", "the request's, or the backend's", `{id: gr-0123456789, version: "1"}`, guardrail(&r.Guardrail)},
	}
}

// checkAccess reports access rules for backends that do not exist.
func (d *decoder) checkAccess() {
	names := d.cfg.backendNames()
	for i, r := range d.cfg.Policy.Rules {
		name := r.Backend.String()
		if name != "" && len(r.Backend.Names()) == 0 && !slices.Contains(names, name) {
			d.problem(fmt.Sprintf("bedrock_extproc.access[%d].backend", i), "there is no backend %q%s", name, suggest(name, names))
		}
	}
}
