package config

import (
	"strings"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator/anthropic"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/native"
	"bedrock-extproc/translator/openai"
	"bedrock-extproc/translator/responses"
)

// extprocKeys are those of the section bedrock_extproc.
func (c *Config) extprocKeys() []key {
	return []key{
		{
			"apis", "The APIs that are served: `gateway` is the agentic gateway's, `openai` is OpenAI's Chat Completions API, `responses` is OpenAI's Responses API, `anthropic` is Anthropic's Messages API, and `bedrock` is Bedrock's own Converse API.",
			"all", "[gateway]",
			choices{&c.APIs, []string{chat.Name, openai.Name, responses.Name, anthropic.Name, native.Name}},
		},
		{
			"translation", "How to treat a request that Bedrock would reject although its intent is clear: `repair` fixes it and lists each change in the response's warnings, `strict` rejects it, and `passthrough` sends it unchanged.",
			"`repair`", "strict",
			oneOf(&c.Settings.Mode, []string{"repair", "strict", "passthrough"}, converse.Repair, converse.Strict, converse.Passthrough),
		},
		{
			"tool_use_deltas", "Which clients get `tool_use_delta` events in streams: `auto` sends them to all but the gateway's Python client, which would add them to the complete input that follows; `always` to all; `never` to none.",
			"`auto`", "never",
			oneOf(&c.Chat.ToolUseDeltas, []string{"auto", "always", "never"}, chat.DeltasAuto, chat.DeltasAlways, chat.DeltasNever),
		},
		{
			"openai_metadata", "Whether the `metadata` of requests of OpenAI's APIs is sent as `requestMetadata`, which Bedrock shows in invocation logs: `send`, as far as Bedrock accepts it, or `drop`.",
			"`send`", "drop",
			oneOf(&c.OpenAI.DropMetadata, []string{"send", "drop"}, false, true),
		},
		{
			"failed_streams", "How a stream that fails after its headers were sent ends: `event` ends it with the `error` event, `reset` cuts it off after that event, so that HTTP clients report an error, and `stop_error` adds `message_stop` with `stop_reason` `error`, and `metadata`. `auto` is `stop_error` for the gateway's Python client, and `event` for all others. See [gateway-client.md](gateway-client.md).",
			"`auto`", "event",
			oneOf(&c.Chat.FailedStreams, []string{"auto", "event", "reset", "stop_error"}, chat.FailedAuto, chat.FailedEvent, chat.FailedReset, chat.FailedStopError),
		},
		{
			"early_errors", "How a streaming request that fails before the headers of its answer were sent is answered: `status` answers with the error's HTTP status, `event` with status 200 and a stream that contains only the `error` event. See [gateway-client.md](gateway-client.md).",
			"`status`", "event",
			oneOf(&c.Chat.EarlyErrors, []string{"status", "event"}, chat.EarlyStatus, chat.EarlyEvent),
		},
		{
			"anthropic_betas", "The betas that the Anthropic API sends to Claude models if the client asks for them. Bedrock rejects a call with a beta that it does not know. Others are left out with a warning.",
			"`" + strings.Join(anthropic.DefaultBetas(), "`, `") + "`", "[interleaved-thinking-2025-05-14]",
			texts{&c.Anthropic.Betas},
		},
		{
			"model_families", "The model family of models whose id does not show it, such as the ARN of an application inference profile.",
			"none", `{"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc": claude}`,
			textMap{&c.Settings.ModelFamilies},
		},
		{
			"families_file", "A YAML file with rules for model families. They take precedence over the built-in rules. A relative path starts at the working directory. The file is read whenever this file is read, but is not watched for changes.",
			"none", "/etc/bedrock-extproc/families.yaml",
			text{&c.FamiliesFile},
		},
		{
			"identity", "Names for what Envoy knows about the caller, for use in templates and in `access`. Request headers are not a source, because clients control them.",
			"callers are anonymous", "{user: {metadata: [envoy.filters.http.jwt_authn, jwt_payload, sub]}}",
			sources{c},
		},
		{"require_identity", "Whether to reject a call with 401 if a value of `identity` is missing and has no default.", "`false`", "true", truth{&c.Policy.Required}},
		{
			"access", "What callers may use. The first entry that matches a caller counts. Callers that match no entry get 403.",
			"all callers may use everything", "[{match: {}, models: [us.anthropic.*]}]",
			rules{c},
		},
		{"caller_limit", "How many calls each caller may have in flight. Further ones get 503 at once.", "no limit", "{value: user, max_calls: 10}", callerLimit(&c.Policy.CallerLimit)},
		{"metrics_tenant", "The value of `identity` that metrics have as the label `tenant`. The first 100 tenants have series of their own; the rest are `other`.", "no tenants in metrics", "team", valueName{&c.Tenant}},
		{"prices", "What models cost. With it, the cost of a call is in metrics, the log, Envoy's metadata and the answer's `metadata`. See [observability](observability.md).", "no costs", "{models: {us.amazon.nova-micro-v1:0: {input: 0.000035, output: 0.00014}}}", priceTable{&c.Prices}},
		{"timeouts", "The time limits of backends without their own.", "see below", "{first_event: 1m}", section{keys: func() []key { return limitsKeys(&c.Bedrock.Limits) }}},
		{"retry", "How often a failed call is repeated before the client has received any of the response.", "see below", "{attempts: 2}", section{keys: func() []key { return retryKeys(&c.Bedrock.Retry) }}},
		{"cool_down", "How long a failing backend is skipped in favour of its fallbacks.", "see below", "{max: 1m}", section{keys: func() []key { return coolDownKeys(&c.Bedrock.CoolDown) }}},
	}
}

func limitsKeys(l *bedrock.Limits) []key {
	return []key{
		{"first_event", "The time to the first event of a stream, in each attempt.", "`5m`", "1m", duration{&l.FirstEvent}},
		{"reply", "The time to a complete reply, in each attempt.", "`30m`", "10m", duration{&l.Reply}},
		{"silence", "The time between two events of a stream.", "`5m`", "1m", duration{&l.Silence}},
		{"call", "The time of the whole call, with all attempts.", "`1h`", "-1s", duration{&l.Call}},
	}
}

func retryKeys(r *bedrock.Retry) []key {
	return []key{
		{"attempts", "The maximum number of calls to one backend. A call is not repeated once a model may have done its work.", "`3`", "2", count{&r.Attempts}},
		{"base_delay", "The delay after the first failure. It doubles with each further failure.", "`200ms`", "100ms", duration{&r.BaseDelay}},
		{"max_delay", "The longest delay.", "`2s`", "5s", duration{&r.MaxDelay}},
		{"budget", "The time from the start of the call after which no attempt begins.", "`10s`", "20s", duration{&r.Budget}},
	}
}

func coolDownKeys(c *bedrock.CoolDown) []key {
	return []key{
		{"first", "The first pause. It doubles with each further failure.", "`1s`", "500ms", duration{&c.First}},
		{"max", "The longest pause.", "`30s`", "1m", duration{&c.Max}},
	}
}

func guardrailKeys(g *identity.Guardrail) []key {
	trace, modes := []string{"enabled", "disabled", "enabled_full"}, []string{"sync", "async"}
	return []key{
		{"id", "The id or ARN of the guardrail. A template.", "required", "gr-0123456789", template{&g.ID}},
		{"version", "The version of the guardrail. A template.", "Bedrock's default", `"1"`, template{&g.Version}},
		{"trace", "Whether responses contain the guardrail's trace.", "Bedrock's default", "enabled", oneOf(&g.Trace, trace, trace...)},
		{"stream_mode", "Whether a stream waits for the guardrail (`sync`) or is checked while it is sent (`async`).", "Bedrock's default", "async", oneOf(&g.StreamMode, modes, modes...)},
	}
}

func callerLimitKeys(l *identity.CallerLimit) []key {
	return []key{
		{"value", "The value of `identity` that tells callers apart. Calls without it are counted together, as one caller.", "required", "user", valueName{&l.Value}},
		{"max_calls", "The maximum number of concurrent calls with the same value.", "required", "10", count{&l.MaxCalls}},
	}
}

func callerLimit(l *identity.CallerLimit) section {
	return section{
		keys: func() []key { return callerLimitKeys(l) },
		check: func(d *decoder, path string) {
			if !d.given(path+".value") || !d.given(path+".max_calls") {
				d.problem(path, "value and max_calls are required")
			}
		},
	}
}

// guardrail is a section that allocates the guardrail it reads.
func guardrail(field **identity.Guardrail) section {
	return section{
		keys: func() []key {
			*field = &identity.Guardrail{}
			return guardrailKeys(*field)
		},
		check: func(d *decoder, path string) {
			if (*field).ID.IsZero() {
				d.problem(path, "id is required")
			}
		},
	}
}
