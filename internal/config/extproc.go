package config

import "go.yaml.in/yaml/v3"

func (e *Extproc) keys() []key {
	return []key{
		{
			"translation", "What becomes of requests that Bedrock would refuse although it is clear what was meant: they are mended and the answer's warnings say so, they are refused, or they are sent as they are.",
			"`repair`", "strict",
			choice{field: &e.Translation, words: []string{"repair", "strict", "passthrough"}},
		},
		{
			"tool_use_deltas", "Whether streams carry `tool_use_delta` events: to every client but the gateway's Python client, which would add them up with the whole input that follows; to all; or to none.",
			"`auto`", "never",
			choice{field: &e.ToolUseDeltas, words: []string{"auto", "always", "never"}},
		},
		{
			"model_families", "The family of models whose id does not tell, such as the ARN of an application inference profile.",
			"none", `{"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc": claude}`,
			textMap{field: &e.ModelFamilies},
		},
		{
			"families_file", "A YAML file with rules of model families that come before the built-in ones. It is read together with this file, and not watched.",
			"none", "/etc/bedrock-extproc/families.yaml",
			text{field: &e.FamiliesFile},
		},
		{
			"identity", "Names for what Envoy says of a caller, for templates and `access`. Request headers are no source: clients write those.",
			"nobody is known", "{user: {metadata: [envoy.filters.http.jwt_authn, jwt_payload, sub]}}",
			identities{&e.Identity},
		},
		{"require_identity", "Whether calls are refused, with 401, for which a value of `identity` is missing that has no default.", "`false`", "true", truth{&e.RequireIdentity}},
		{
			"access", "What callers may have: the first entry that matches counts. Who matches none is refused with 403.",
			"everybody may have everything", "[{match: {}, models: [us.anthropic.*]}]",
			accesses{&e.Access},
		},
		{"timeouts", "Time limits of backends without their own.", "see below", "{first_event: 1m}", section{keys: e.Timeouts.keys}},
		{"retry", "How often a failed call is repeated before its first byte.", "see below", "{attempts: 3}", section{keys: e.Retry.keys}},
		{"cool_down", "How long a backend that refuses is left to its fallbacks.", "see below", "{max: 1m}", section{keys: e.CoolDown.keys}},
	}
}

func (t *Timeouts) keys() []key {
	return []key{
		{"first_event", "Until a stream's first event, in each attempt.", "`5m`", "1m", duration{&t.FirstEvent}},
		{"reply", "Until a whole answer, in each attempt.", "`30m`", "10m", duration{&t.Reply}},
		{"silence", "Between two events of a stream.", "`5m`", "1m", duration{&t.Silence}},
		{"call", "For everything.", "`1h`", "-1s", duration{&t.Call}},
	}
}

func (r *Retry) keys() []key {
	return []key{
		{"attempts", "The most calls to one backend.", "`2`", "3", count{&r.Attempts}},
		{"base_delay", "The wait after the first failure, which doubles.", "`200ms`", "100ms", duration{&r.BaseDelay}},
		{"max_delay", "The longest wait.", "`2s`", "5s", duration{&r.MaxDelay}},
		{"budget", "How long after its beginning a call may begin an attempt.", "`10s`", "20s", duration{&r.Budget}},
	}
}

func (c *CoolDown) keys() []key {
	return []key{
		{"first", "The first pause, which doubles.", "`1s`", "500ms", duration{&c.First}},
		{"max", "The longest pause.", "`30s`", "1m", duration{&c.Max}},
	}
}

func (g *Guardrail) keys() []key {
	return []key{
		{"id", "The id or ARN of the guardrail. A template.", "required", "gr-0123456789", template{&g.ID}},
		{"version", "Its version. A template.", "Bedrock's", `"1"`, template{&g.Version}},
		{"trace", "Whether answers tell what the guardrail did.", "Bedrock's", "enabled", choice{field: &g.Trace, words: []string{"enabled", "disabled", "enabled_full"}}},
		{"stream_mode", "Whether a stream waits for the guardrail.", "Bedrock's", "async", choice{field: &g.StreamMode, words: []string{"sync", "async"}}},
	}
}

func (g *Guardrail) check(d *decoder, n *yaml.Node, path string) {
	if g.ID == "" {
		d.problem(n, path, "needs id")
	}
}
