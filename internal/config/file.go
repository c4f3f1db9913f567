package config

import (
	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/bedrock"
)

// ignored are the sections of the gateway's file that this program does not use.
var ignored = map[string]bool{
	"host": true, "port": true, "log_level": true, "cors_origins": true, "auth": true, "enforcement": true,
	"credentials": true, "agents": true, "teams": true, "governance": true, "audit": true, "logging": true,
	"metadata_denylists": true,
}

// inEnvoy says where the effect of an ignored section is configured instead.
var inEnvoy = []struct{ section, where string }{
	{"cors_origins", "list them in Envoy's cors filter, as in examples/envoy/browser"},
	{"auth", "let Envoy authenticate callers, as in examples/envoy/secure"},
}

// ignoredProviders are the gateway's other primitives.
var ignoredProviders = map[string]bool{
	"memory": true, "observability": true, "tools": true, "identity": true, "code_interpreter": true,
	"browser": true, "policy": true, "evaluations": true, "tasks": true, "knowledge": true,
}

// keys are those of the whole file.
func (c *Config) keys() []key {
	credentials := oneOf(&c.Bedrock.ServerCredentials, []string{"never", "fallback", "always"},
		bedrock.ServerNever, bedrock.ServerFallback, bedrock.ServerFallback)
	credentials.yes, credentials.no = "always", "never"
	return []key{
		{"providers", "The gateway's providers. All but `llm` are ignored.", "one backend from the AWS environment", "{llm: {backend: a.BedrockConverseProvider}}", providers{c}},
		{
			"allow_server_credentials", "Whether calls without AWS keys use the sidecar's own AWS identity: `never`, `fallback` (default); `always` is a synonym of `fallback`. `true` means `always`, `false` means `never`.",
			"`fallback`", "never", credentials,
		},
		{"bedrock_extproc", "The settings of this program.", "the defaults", "{translation: strict}", section{keys: c.extprocKeys}},
	}
}

// providers is the section providers. Only llm is read.
type providers struct{ cfg *Config }

func (v providers) keys() []key {
	return []key{{"llm", "One backend, or several by name.", "one backend from the AWS environment", "{backend: a.BedrockConverseProvider}", llm(v)}}
}

func (v providers) read(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, ignoredProviders, v.keys())
}
