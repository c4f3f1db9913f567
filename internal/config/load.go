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

func (c *Config) decode(d *decoder, root *yaml.Node) {
	var skipped []string
	d.mapping(root, "", ignored, &skipped, fields{
		"providers": func(n *yaml.Node, path string) {
			d.mapping(n, path, ignoredProviders, &skipped, fields{
				"llm": func(n *yaml.Node, path string) { c.LLM.decode(d, n, path) },
			})
		},
		"allow_server_credentials": func(n *yaml.Node, path string) {
			d.serverCredentials(n, path, &c.ServerCredentials)
		},
		"bedrock_extproc": func(n *yaml.Node, path string) { c.Extproc.decode(d, n, path) },
	})
	if len(skipped) > 0 {
		c.Warnings = append(c.Warnings, "ignored, since this program serves providers.llm only: "+join(skipped))
	}
}
