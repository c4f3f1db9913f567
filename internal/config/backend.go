package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// providerClass is how the reference names what this program is.
const providerClass = "BedrockConverseProvider"

// class is a backend's class, of which the name alone matters.
type class struct{ field *string }

func (v class) read(d *decoder, n *yaml.Node, path string) {
	text{v.field, func(got string) error {
		if got[strings.LastIndexByte(got, '.')+1:] != providerClass {
			return fmt.Errorf("%q is not a %s: this program speaks to Bedrock only", got, providerClass)
		}
		return nil
	}}.read(d, n, path)
}

// keys are those of a backend as the reference writes it.
func (b *Backend) keys() []key {
	return []key{
		{
			"backend", "The Python path of a class that ends in `" + providerClass + "`, as the gateway has it.",
			"required", "agentic_primitives_gateway.primitives.llm.bedrock." + providerClass,
			class{new(string)},
		},
		{"config", "The backend's settings.", "all their defaults", "{region: us-east-1}", section{keys: b.configKeys}},
	}
}

func (b *Backend) decode(d *decoder, n *yaml.Node, path string) {
	d.mapping(n, path, nil, nil, b.keys())
	if n.Kind == yaml.MappingNode && find(n, "backend") == nil {
		d.problem(n, path, "needs backend: the path of a class that ends in %s", providerClass)
	}
}

func (b *Backend) configKeys() []key {
	guardrail := section{
		keys:  func() []key { b.Guardrail = &Guardrail{}; return b.Guardrail.keys() },
		check: func(d *decoder, n *yaml.Node, path string) { b.Guardrail.check(d, n, path) },
	}
	return append(b.callKeys(),
		key{"guardrail", "The guardrail of requests that name none.", "none", `{id: gr-0123456789, version: "1"}`, guardrail},
		key{
			"request_metadata", "Entries of Bedrock's request metadata, such as tags of costs, that every request to this backend carries in place of the client's of the same name. Templates: what is not known is empty, and characters that Bedrock refuses become `_`.",
			"none", "{team: search}",
			templateMap{&b.RequestMetadata},
		},
		key{"fallback", "The backends to ask when this one has failed, in this order. Their own fallbacks are not followed.", "none", "[bedrock-eu]", texts{&b.Fallback}},
		key{"residency", "A name for where data may go: all fallbacks must have the same, and callers with keys of their own cannot choose another region.", "no restriction", "eu", text{field: &b.Residency}},
		key{"timeouts", "Time limits of this backend.", "`bedrock_extproc.timeouts`", "{first_event: 1m}", section{keys: b.Timeouts.keys}},
	)
}

// callKeys say what is called, where and as whom.
func (b *Backend) callKeys() []key {
	return []key{
		{"region", "The AWS region to call and sign for.", "`AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's region, `us-east-1`", "us-east-1", text{&b.Region, checkRegion}},
		{
			"default_model", "The model, or an alias of `models`, for requests that name none.",
			"`us.anthropic.claude-sonnet-4-20250514-v1:0`", "us.anthropic.claude-sonnet-4-20250514-v1:0",
			text{field: &b.DefaultModel},
		},
		{
			"models", "Names that clients may ask for, and the model ids or ARNs that they stand for here. An alias cannot stand for another.",
			"none", "{fast: us.amazon.nova-micro-v1:0}",
			textMap{&b.Models, checkAlias},
		},
		{"endpoint_url", "The http or https URL of the service, in place of AWS's own.", "`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, `AWS_ENDPOINT_URL`, the region's", "https://bedrock.example", text{&b.EndpointURL, checkURL}},
		{"fips", "Whether to use the region's FIPS endpoint. Does not go with `endpoint_url`.", "`AWS_USE_FIPS_ENDPOINT`", "true", truth{&b.FIPS}},
		{"dual_stack", "Whether to use the region's endpoint with IPv6. Does not go with `endpoint_url`.", "`AWS_USE_DUALSTACK_ENDPOINT`", "true", truth{&b.DualStack}},
		{"bearer_token_env", "The environment variable with a Bedrock API key. It comes before `role_arn` and `profile`.", "`AWS_BEARER_TOKEN_BEDROCK`", "BEDROCK_KEY", text{field: &b.BearerTokenEnv}},
		{"role_arn", "The role to assume for calls of the sidecar's own. A template.", "none", "arn:aws:iam::123456789012:role/bedrock", template{&b.RoleARN}},
		{"external_id", "The external id for `role_arn`.", "none", "tenant-1", text{field: &b.ExternalID}},
		{"session_name", "The session's name for `role_arn`. A template. Letters that STS does not take are written as `=` and hexadecimal numbers, and what is too long for it ends with a hash, so that no two callers have the same.", "`bedrock-extproc`", "sidecar", template{&b.SessionName}},
		{"session_tags", "The session's tags for `role_arn`, on which its policies can depend. Templates.", "none", "{team: search}", templateMap{&b.SessionTags}},
		{"profile", "The profile of the AWS configuration files.", "`AWS_PROFILE`", "team", text{field: &b.Profile}},
	}
}

// checkAlias refuses an alias that stands for an alias: names are looked up once.
func checkAlias(all map[string]string, target string) error {
	if _, ok := all[target]; ok {
		return fmt.Errorf("%q is an alias itself: give the model id that it stands for", target)
	}
	return nil
}

var region = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d+$`)

func checkRegion(name string) error {
	if name != "" && !region.MatchString(name) {
		return fmt.Errorf("%q is not the name of an AWS region", name)
	}
	return nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not an http or https URL with a host", text)
	}
	return nil
}
