package extproc

import (
	"google.golang.org/protobuf/types/known/structpb"
)

//go:generate go test . -run TestFactsPage -update

// MetadataNamespace is the namespace of an answer's facts in Envoy's dynamic
// metadata. The filter must list it in metadata_options.receiving_namespaces.
const MetadataNamespace = "bedrock"

// A fact is one key of the dynamic metadata. value returns nil to leave it out.
type fact struct {
	name, example, doc string
	value              func(o *Outcome) *structpb.Value
}

// facts are the facts that Envoy gets about a call. docs/facts.md is generated from
// this table.
var facts = []fact{
	{"api", `"gateway"`, "The API that the client speaks: `gateway` is the agentic gateway's, and `bedrock` is Bedrock's own.", func(o *Outcome) *structpb.Value { return text(o.API) }},
	{"model", `"fast"`, "The requested model, or the backend's default model.", func(o *Outcome) *structpb.Value { return text(o.Model) }},
	{"backend", `"bedrock-us"`, "The backend that answered, or the last one that failed.", func(o *Outcome) *structpb.Value { return text(o.Facts.Backend) }},
	{"region", `"us-east-1"`, "The AWS region that was called.", func(o *Outcome) *structpb.Value { return text(o.Facts.Region) }},
	{"model_id", `"us.amazon.nova-micro-v1:0"`, "The model id sent to Bedrock.", func(o *Outcome) *structpb.Value { return text(o.Facts.ModelID) }},
	{"aws_request_id", `"4e1f…"`, "Bedrock's id of the call.", func(o *Outcome) *structpb.Value { return text(o.Facts.AWSRequestID) }},
	{"attempts", "1", "HTTP calls made to Bedrock; more than 1 after a retry or a fallback.", func(o *Outcome) *structpb.Value { return count(int64(o.Facts.Attempts), o.Facts.Attempts > 0) }},
	{"stop_reason", `"end_turn"`, "Why the model stopped, as Bedrock reports it.", func(o *Outcome) *structpb.Value { return text(o.Summary.StopReason) }},
	{"guardrail_action", `"none"`, "Only for a complete call with a guardrail: `intervened` if the guardrail stopped it, otherwise `none`.", func(o *Outcome) *structpb.Value { return text(o.guardrailAction()) }},
	{"input_tokens", "12", "Input tokens, without those of a prompt cache.", func(o *Outcome) *structpb.Value { return count(o.Summary.InputTokens, o.Summary.UsageKnown) }},
	{"output_tokens", "345", "Output tokens.", func(o *Outcome) *structpb.Value { return count(o.Summary.OutputTokens, o.Summary.UsageKnown) }},
	{"cache_read_tokens", "0", "Tokens read from a prompt cache.", func(o *Outcome) *structpb.Value { return count(o.Summary.CacheReadTokens, o.Summary.UsageKnown) }},
	{"cache_write_tokens", "0", "Tokens written to a prompt cache.", func(o *Outcome) *structpb.Value { return count(o.Summary.CacheWriteTokens, o.Summary.UsageKnown) }},
	{"total_tokens", "357", "The sum of the four.", func(o *Outcome) *structpb.Value {
		u := o.Summary
		return count(u.InputTokens+u.OutputTokens+u.CacheReadTokens+u.CacheWriteTokens, u.UsageKnown)
	}},
	{"cost_micros", "6180", "The cost of the call in millionths of the currency's unit, by the `prices` of the [configuration](configuration.md), rounded to the nearest.", func(o *Outcome) *structpb.Value {
		return count(o.Facts.Price.Cost(o.Summary))
	}},
	{"error", `"bedrock_throttled"`, "The kind of the error, also of one in the middle of a stream whose status is 200.", func(o *Outcome) *structpb.Value { return text(string(o.ErrorKind)) }},
}

// dynamicMetadata returns the known facts for Envoy's access log and rate limits. It
// is nil if there was no call.
func (o *Outcome) dynamicMetadata() *structpb.Struct {
	if o.Model == "" && o.ErrorKind == "" {
		return nil
	}
	known := map[string]*structpb.Value{}
	for _, f := range facts {
		if v := f.value(o); v != nil {
			known[f.name] = v
		}
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		MetadataNamespace: structpb.NewStructValue(&structpb.Struct{Fields: known}),
	}}
}

// guardrailAction is "" without a guardrail or if the stop reason is unknown.
func (o *Outcome) guardrailAction() string {
	switch {
	case !o.Guarded || o.Summary.StopReason == "":
		return ""
	case o.Summary.StopReason == "guardrail_intervened":
		return "intervened"
	default:
		return "none"
	}
}

func text(value string) *structpb.Value {
	if value == "" {
		return nil
	}
	return structpb.NewStringValue(sanitize(value))
}

func count(n int64, known bool) *structpb.Value {
	if !known {
		return nil
	}
	return structpb.NewNumberValue(float64(n))
}
