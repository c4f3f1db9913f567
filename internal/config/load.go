package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// Load reads and checks a file. Variables in its text are expanded by env. The
// error lists every problem, each as "file:line: path: what is wrong".
func Load(path string, env LookupEnv) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, text, env)
}

// Parse is Load for a text; name stands for the file in errors.
func Parse(name string, text []byte, env LookupEnv) (*Config, error) {
	cfg := Default()
	root, err := parseYAML(name, expand(text, env))
	if err != nil || root == nil {
		return cfg, err
	}
	d := &decoder{file: name}
	cfg.decode(d, root)
	if err := errors.Join(d.problems...); err != nil {
		return nil, err
	}
	return cfg, nil
}

// parseYAML returns the document's root, or nil for an empty file.
func parseYAML(name string, text []byte) (*yaml.Node, error) {
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:%d: a second document: one file holds one configuration", name, more.Line)
	}
	root := doc.Content[0]
	if root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

// ignored are the sections of the reference's file for what is not this
// program's business.
var ignored = map[string]bool{
	"host": true, "port": true, "log_level": true, "cors_origins": true, "auth": true, "enforcement": true,
	"credentials": true, "agents": true, "teams": true, "governance": true, "audit": true, "logging": true,
	"metadata_denylists": true,
}

// ignoredProviders are the reference's other primitives.
var ignoredProviders = map[string]bool{
	"memory": true, "observability": true, "tools": true, "identity": true, "code_interpreter": true,
	"browser": true, "policy": true, "evaluations": true, "tasks": true, "knowledge": true,
}

// keys are those of the whole file.
func (c *Config) keys(skipped *[]string) []key {
	return []key{
		{"providers", "The gateway's providers. Others than `llm` are ignored.", "one backend from the AWS environment", "{llm: {backend: a.BedrockConverseProvider}}", providers{c, skipped}},
		{
			"allow_server_credentials", "Whether the sidecar's own AWS identity serves calls that bring no keys of their own: `never`, or else; `always` is another word for `fallback`. `true` is `always`, `false` is `never`.",
			"`fallback`", "never",
			choice{&c.ServerCredentials, []string{"never", "fallback", "always"}, "always", "never"},
		},
		{"bedrock_extproc", "This program's own settings.", "all their defaults", "{translation: strict}", section{keys: c.Extproc.keys}},
	}
}

// providers is the reference's section of that name, of which llm counts here.
type providers struct {
	field   *Config
	skipped *[]string
}

func (v providers) keys() []key {
	return []key{{"llm", "One backend, or several by name.", "one backend from the AWS environment", "{backend: a.BedrockConverseProvider}", llm{&v.field.LLM}}}
}

func (v providers) read(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, ignoredProviders, v.skipped, v.keys())
}

func (c *Config) decode(d *decoder, root *yaml.Node) {
	var skipped []string
	d.mapping(root, "", ignored, &skipped, c.keys(&skipped))
	d.checkUses(c.Extproc.Identity)
	c.checkAccess(d, root)
	c.checkRequired(d, root)
	if len(skipped) > 0 {
		c.Warnings = append(c.Warnings, "ignored, since this program serves providers.llm only: "+join(skipped))
	}
}
