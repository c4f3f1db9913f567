package extproc

import (
	"google.golang.org/protobuf/types/known/structpb"
)

// MetadataNamespace is where an answer's facts stand in Envoy's dynamic
// metadata. The filter must list it in metadata_options.receiving_namespaces.
const MetadataNamespace = "bedrock"

// dynamicMetadata tells Envoy's access log and rate limits what the call was and
// cost. It is nil where there was no call.
func (o *Outcome) dynamicMetadata() *structpb.Struct {
	if o.Model == "" && o.ErrorKind == "" {
		return nil
	}
	facts := map[string]*structpb.Value{}
	text := func(key, value string) {
		if value != "" {
			facts[key] = structpb.NewStringValue(recordable(value))
		}
	}
	text("model", o.Model)
	text("backend", o.Facts.Backend)
	text("region", o.Facts.Region)
	text("model_id", o.Facts.ModelID)
	text("aws_request_id", o.Facts.AWSRequestID)
	text("stop_reason", o.Summary.StopReason)
	text("error", string(o.ErrorKind))
	if o.Facts.Attempts > 0 {
		facts["attempts"] = structpb.NewNumberValue(float64(o.Facts.Attempts))
	}
	if u := o.Summary; u.UsageKnown {
		facts["input_tokens"] = structpb.NewNumberValue(float64(u.InputTokens))
		facts["output_tokens"] = structpb.NewNumberValue(float64(u.OutputTokens))
		facts["cache_read_tokens"] = structpb.NewNumberValue(float64(u.CacheReadTokens))
		facts["cache_write_tokens"] = structpb.NewNumberValue(float64(u.CacheWriteTokens))
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		MetadataNamespace: structpb.NewStructValue(&structpb.Struct{Fields: facts}),
	}}
}
