package extproc

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

//go:generate go test . -run TestFactsPage -update

// MetadataNamespace is the namespace of an answer's facts in Envoy's dynamic
// metadata. The filter must list it in metadata_options.receiving_namespaces.
const MetadataNamespace = "bedrock"

// A fact is one key of the dynamic metadata. The zero factValue leaves it out.
type fact struct {
	name, example, doc string
	value              func(o *Outcome) factValue
}

// facts are the facts that Envoy gets about a call. docs/facts.md is generated from
// this table.
var facts = []fact{
	{"api", `"gateway"`, "The API that the client speaks: `gateway` is the agentic gateway's, and `bedrock` is Bedrock's own.", func(o *Outcome) factValue { return text(o.API) }},
	{"model", `"fast"`, "The requested model, or the backend's default model.", func(o *Outcome) factValue { return text(o.Model) }},
	{"backend", `"bedrock-us"`, "The backend that answered, or the last one that failed.", func(o *Outcome) factValue { return text(o.Facts.Backend) }},
	{"region", `"us-east-1"`, "The AWS region that was called.", func(o *Outcome) factValue { return text(o.Facts.Region) }},
	{"model_id", `"us.amazon.nova-micro-v1:0"`, "The model id sent to Bedrock.", func(o *Outcome) factValue { return text(o.Facts.ModelID) }},
	{"aws_request_id", `"4e1f…"`, "Bedrock's id of the call.", func(o *Outcome) factValue { return text(o.Facts.AWSRequestID) }},
	{"attempts", "1", "HTTP calls made to Bedrock; more than 1 after a retry or a fallback.", func(o *Outcome) factValue { return count(int64(o.Facts.Attempts), o.Facts.Attempts > 0) }},
	{"stop_reason", `"end_turn"`, "Why the model stopped, as Bedrock reports it.", func(o *Outcome) factValue { return text(o.Summary.StopReason) }},
	{"guardrail_action", `"none"`, "Only for a complete call with a guardrail: `intervened` if the guardrail stopped it, otherwise `none`.", func(o *Outcome) factValue { return text(o.guardrailAction()) }},
	{"input_tokens", "12", "Input tokens, without those of a prompt cache.", func(o *Outcome) factValue { return count(o.Summary.InputTokens, o.Summary.UsageKnown) }},
	{"output_tokens", "345", "Output tokens.", func(o *Outcome) factValue { return count(o.Summary.OutputTokens, o.Summary.UsageKnown) }},
	{"cache_read_tokens", "0", "Tokens read from a prompt cache.", func(o *Outcome) factValue { return count(o.Summary.CacheReadTokens, o.Summary.UsageKnown) }},
	{"cache_write_tokens", "0", "Tokens written to a prompt cache.", func(o *Outcome) factValue { return count(o.Summary.CacheWriteTokens, o.Summary.UsageKnown) }},
	{"total_tokens", "357", "The sum of the four.", func(o *Outcome) factValue {
		u := o.Summary
		return count(u.InputTokens+u.OutputTokens+u.CacheReadTokens+u.CacheWriteTokens, u.UsageKnown)
	}},
	{"cost_micros", "6180", "The cost of the call in millionths of the currency's unit, by the `prices` of the [configuration](configuration.md), rounded to the nearest.", func(o *Outcome) factValue {
		return count(o.Facts.Price.Cost(o.Summary))
	}},
	{"error", `"bedrock_throttled"`, "The kind of the error, also of one in the middle of a stream whose status is 200.", func(o *Outcome) factValue { return text(string(o.ErrorKind)) }},
}

// A factValue is a text, or a number.
type factValue struct {
	text     string
	number   float64
	isNumber bool
}

func text(value string) factValue { return factValue{text: sanitize(value)} }

func count(n int64, known bool) factValue {
	if !known {
		return factValue{}
	}
	return factValue{number: float64(n), isNumber: true}
}

// dynamicMetadata returns the known facts for Envoy's access log and rate limits, as a field
// of a response. It is nil if there was no call.
func (o *Outcome) dynamicMetadata() []byte {
	if o.Model == "" && o.ErrorKind == "" {
		return nil
	}
	return appendNested(make([]byte, 0, 1<<10), dynamicMetadataField, func(dst []byte) []byte {
		return appendEntry(dst, MetadataNamespace, func(dst []byte) []byte {
			return appendNested(dst, structField, o.appendFacts)
		})
	})
}

// appendFacts appends the fields of a Struct with the known facts.
func (o *Outcome) appendFacts(dst []byte) []byte {
	for _, f := range facts {
		switch v := f.value(o); {
		case v.isNumber:
			dst = appendEntry(dst, f.name, func(dst []byte) []byte {
				return protowire.AppendFixed64(protowire.AppendTag(dst, numberField, protowire.Fixed64Type), math.Float64bits(v.number))
			})
		case v.text != "":
			dst = appendEntry(dst, f.name, func(dst []byte) []byte { return appendMessage(dst, stringField, []byte(v.text)) })
		}
	}
	return dst
}

// appendEntry appends an entry of a Struct, whose Value has what appendValue appends.
func appendEntry(dst []byte, name string, appendValue func(dst []byte) []byte) []byte {
	return appendNested(dst, structFields, func(dst []byte) []byte {
		dst = appendMessage(dst, keyField, []byte(name))
		return appendNested(dst, valueField, appendValue)
	})
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
