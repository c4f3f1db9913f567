package config

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
)

// providerClass is the gateway's name for a provider that calls Bedrock.
const providerClass = "BedrockConverseProvider"

// class is the class of a backend. Only its last name matters.
type class struct{}

func (class) read(d *decoder, n *yaml.Node, path string) {
	got, ok := d.text(n, path)
	if ok && got[strings.LastIndexByte(got, '.')+1:] != providerClass {
		d.problem(path, "%q is not a %s: this program supports Bedrock only", got, providerClass)
	}
}

// aliases are names of models. None may stand for another, because names are looked
// up once.
type aliases struct{ field *map[string]string }

func (v aliases) read(d *decoder, n *yaml.Node, path string) {
	textMap(v).read(d, n, path)
	for _, name := range slices.Sorted(maps.Keys(*v.field)) {
		target := (*v.field)[name]
		if _, ok := (*v.field)[target]; ok {
			d.problem(path+"."+name, "%q is an alias itself: use the model id that it stands for", target)
		}
	}
}

// A backend is an entry of backends: where it is, and what it adds to requests.
type backend struct {
	bedrock.BackendConfig
	defaults identity.Defaults
	maxCalls int
}

func (b *backend) keys() []key {
	return []key{
		{
			"backend", "The Python path of the gateway's provider class. It must end in `" + providerClass + "`.",
			"required", "agentic_primitives_gateway.primitives.llm.bedrock." + providerClass,
			class{},
		},
		{"config", "The settings of the backend.", "the defaults", "{region: us-east-1}", section{keys: b.configKeys}},
	}
}

func (b *backend) configKeys() []key {
	return append(b.callKeys(),
		key{"guardrail", "The guardrail for requests that name none.", "none", `{id: gr-0123456789, version: "1"}`, guardrail(&b.defaults.Guardrail)},
		key{
			"request_metadata", "Entries of Bedrock's request metadata, such as cost tags, for every request to this backend. They replace the client's entries of the same name. Templates: a missing value is left empty, and characters that Bedrock rejects become `_`.",
			"none", "{team: search}",
			templateMap{&b.defaults.RequestMetadata},
		},
		key{"fallback", "The backends to try, in this order, after this one has failed. Their own fallbacks are not followed.", "none", "[bedrock-eu]", texts{&b.Fallback}},
		key{"residency", "A name for where data may go. All fallbacks must have the same residency, and callers with AWS keys of their own cannot choose another region.", "no restriction", "eu", text{&b.Residency}},
		key{"max_calls", "The maximum number of concurrent calls to this backend. Further ones get 503 at once. Calls that fall back to it are not counted.", "no limit", "100", count{&b.maxCalls}},
		key{"timeouts", "The time limits of this backend.", "`bedrock_extproc.timeouts`", "{first_event: 1m}", section{keys: func() []key { return limitsKeys(&b.Limits) }}},
	)
}

// callKeys say what is called, where, and with which identity.
func (b *backend) callKeys() []key {
	return []key{
		{"region", "The AWS region to call and to sign for.", "`AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's region, `us-east-1`", "us-east-1", text{&b.Region}},
		{
			"default_model", "The model for requests that name none: a model id, an ARN or an alias of `models`.",
			"`us.anthropic.claude-sonnet-4-20250514-v1:0`", "us.anthropic.claude-sonnet-4-20250514-v1:0",
			text{&b.DefaultModel},
		},
		{
			"models", "Aliases: names that clients may ask for, and the model ids or ARNs that this backend calls for them. In an alias, `*` stands for any text. An alias cannot stand for another alias. See [aliases](#aliases).",
			"none", `{fast: us.amazon.nova-micro-v1:0, "claude-*-haiku-*": us.anthropic.claude-haiku-4-5-20251001-v1:0}`,
			aliases{&b.Models},
		},
		{"endpoint_url", "The http or https URL of the service, in place of AWS's own endpoint.", "`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, `AWS_ENDPOINT_URL`, the region's endpoint", "https://bedrock.example", text{&b.EndpointURL}},
		{"fips", "Whether to use the region's FIPS endpoint. Cannot be combined with `endpoint_url`.", "`AWS_USE_FIPS_ENDPOINT`", "true", truth{&b.FIPS}},
		{"dual_stack", "Whether to use the region's dual-stack endpoint, for IPv6 beside IPv4. Cannot be combined with `endpoint_url`.", "`AWS_USE_DUALSTACK_ENDPOINT`", "true", truth{&b.DualStack}},
		{"bearer_token_env", "The environment variable that holds a Bedrock API key. It takes precedence over `role_arn` and `profile`.", "`AWS_BEARER_TOKEN_BEDROCK`", "BEDROCK_KEY", text{&b.Identity.BearerTokenEnv}},
		{"role_arn", "The role to assume for calls with the sidecar's own identity. A template.", "none", "arn:aws:iam::123456789012:role/bedrock", template{&b.Identity.RoleARN}},
		{"external_id", "The external id for `role_arn`.", "none", "tenant-1", text{&b.Identity.ExternalID}},
		{"session_name", "The session name for `role_arn`. A template. Characters that STS does not accept are written as `=` and their hexadecimal number, and a name that is too long or too short ends with a hash, so different callers never share a name.", "`bedrock-extproc`", "sidecar", template{&b.Identity.SessionName}},
		{"session_tags", "The session tags for `role_arn`, which IAM policies can refer to. Templates.", "none", "{team: search}", templateMap{&b.Identity.SessionTags}},
		{"profile", "The profile of the AWS configuration files.", "`AWS_PROFILE`", "team", text{&b.Identity.Profile}},
	}
}
