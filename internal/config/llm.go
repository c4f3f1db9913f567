package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// providerClass is how the reference names what this program is.
const providerClass = "BedrockConverseProvider"

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
	d.mapping(n, path, nil, nil, fields{
		"default": func(n *yaml.Node, path string) { d.text(n, path, &l.Default) },
		"backends": func(n *yaml.Node, path string) {
			d.entries(n, path, func(name string, n *yaml.Node, path string) {
				b := Backend{Name: name}
				b.decode(d, n, path)
				l.Backends = append(l.Backends, b)
			})
		},
	})
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
			if !slices.Contains(names, name) || name == b.Name {
				at := find(find(find(find(n, "backends"), b.Name), "config"), "fallback")
				d.problem(at, path+".backends."+b.Name+".config.fallback", "there is no other backend %q%s", name, suggest(name, names))
			}
		}
	}
}

func (b *Backend) decode(d *decoder, n *yaml.Node, path string) {
	var class string
	d.mapping(n, path, nil, nil, fields{
		"backend": func(n *yaml.Node, path string) {
			d.text(n, path, &class)
			if class != "" && class[strings.LastIndexByte(class, '.')+1:] != providerClass {
				d.problem(n, path, "%q is not a %s: this program speaks to Bedrock only", class, providerClass)
			}
		},
		"config": func(n *yaml.Node, path string) { b.decodeConfig(d, n, path) },
	})
	if n.Kind == yaml.MappingNode && find(n, "backend") == nil {
		d.problem(n, path, "needs backend: the path of a class that ends in %s", providerClass)
	}
}

func (b *Backend) decodeConfig(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, fields{
		"region": func(n *yaml.Node, path string) {
			d.text(n, path, &b.Region)
			if b.Region != "" && !region.MatchString(b.Region) {
				d.problem(n, path, "%q is not the name of an AWS region", b.Region)
			}
		},
		"default_model": func(n *yaml.Node, path string) { d.text(n, path, &b.DefaultModel) },
		"endpoint_url": func(n *yaml.Node, path string) {
			d.text(n, path, &b.EndpointURL)
			if err := checkURL(b.EndpointURL); err != nil {
				d.problem(n, path, "%v", err)
			}
		},
		"models":           func(n *yaml.Node, path string) { d.textMap(n, path, &b.Models) },
		"fips":             func(n *yaml.Node, path string) { d.truth(n, path, &b.FIPS) },
		"dual_stack":       func(n *yaml.Node, path string) { d.truth(n, path, &b.DualStack) },
		"profile":          func(n *yaml.Node, path string) { d.text(n, path, &b.Profile) },
		"role_arn":         func(n *yaml.Node, path string) { d.text(n, path, &b.RoleARN) },
		"external_id":      func(n *yaml.Node, path string) { d.text(n, path, &b.ExternalID) },
		"session_name":     func(n *yaml.Node, path string) { d.text(n, path, &b.SessionName) },
		"bearer_token_env": func(n *yaml.Node, path string) { d.text(n, path, &b.BearerTokenEnv) },
		"fallback":         func(n *yaml.Node, path string) { d.texts(n, path, &b.Fallback) },
		"residency":        func(n *yaml.Node, path string) { d.text(n, path, &b.Residency) },
		"request_metadata": func(n *yaml.Node, path string) { d.textMap(n, path, &b.RequestMetadata) },
		"guardrail": func(n *yaml.Node, path string) {
			b.Guardrail = &Guardrail{}
			b.Guardrail.decode(d, n, path)
		},
		"timeouts": func(n *yaml.Node, path string) { b.Timeouts.decode(d, n, path) },
	})
}

var region = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d+$`)

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not an http or https URL with a host", text)
	}
	return nil
}

func (g *Guardrail) decode(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, fields{
		"id":          func(n *yaml.Node, path string) { d.text(n, path, &g.ID) },
		"version":     func(n *yaml.Node, path string) { d.text(n, path, &g.Version) },
		"trace":       func(n *yaml.Node, path string) { d.oneOf(n, path, &g.Trace, "enabled", "disabled", "enabled_full") },
		"stream_mode": func(n *yaml.Node, path string) { d.oneOf(n, path, &g.StreamMode, "sync", "async") },
	})
	if g.ID == "" {
		d.problem(n, path, "needs id")
	}
}
