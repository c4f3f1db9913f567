package anthropic

import (
	"slices"
	"strings"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) parameters() error {
	inference := converse.Inference{
		MaxTokens: in.Field("max_tokens"), Temperature: in.Field("temperature"), TopP: in.Field("top_p"), TopK: in.Field("top_k"),
		Stop:       in.Field("stop_sequences"),
		Additional: in.Either("additional_model_request_fields", "additionalModelRequestFields"),
	}
	if rawjson.Absent(inference.MaxTokens.Value) && !in.counting {
		in.out.Warn("max_tokens", converse.FaultNoMaxTokens)
	}
	if err := in.readBetas(&inference); err != nil {
		return err
	}
	config, err := in.outputConfig()
	if err != nil {
		return err
	}
	if err := in.out.Thinking(in.Field("thinking"), config.Field("effort"), &inference); err != nil {
		return err
	}
	return in.out.Infer(inference)
}

// readBetas sends the betas of the header and of the body that are on the list.
func (in *input) readBetas(inference *converse.Inference) error {
	asked := strings.Split(in.header.Get("anthropic-beta"), ",")
	for _, name := range []string{"betas", "anthropic_beta"} {
		f := in.Field(name)
		if rawjson.Kind(f.Value) == '"' {
			asked = append(asked, strings.Split(rawjson.Text(f.Value), ",")...)
		}
		for i, v := range rawjson.Elements(f.Value) {
			if rawjson.Kind(v) != '"' {
				return converse.Refuse(converse.Index(f.At, i), converse.FaultNotString)
			}
			asked = append(asked, rawjson.Text(v))
		}
	}
	var sent []string
	dropped := 0
	for _, beta := range asked {
		switch beta = strings.TrimSpace(beta); {
		case beta == "" || slices.Contains(sent, beta):
		case slices.Contains(in.allowed, beta):
			sent = append(sent, beta)
		default:
			dropped++
		}
	}
	return in.out.BetaFields(sent, dropped, "anthropic-beta", inference)
}

// outputConfig is an empty object if the client sent none.
func (in *input) outputConfig() (converse.Object, error) {
	f := in.Field("output_config")
	if rawjson.Absent(f.Value) {
		return converse.Object{At: f.At}, nil
	}
	return converse.ReadObject(f)
}

// outputFormat reads the format in output_config, or at its older place.
func (in *input) outputFormat() error {
	config, err := in.outputConfig()
	if err != nil {
		return err
	}
	in.out.WarnUnknown(config, "effort", "format")
	f := config.Field("format")
	if older := in.Field("output_format"); rawjson.Absent(f.Value) {
		f = older
	} else {
		in.warnNotSent(older)
	}
	own := in.Field("outputConfig")
	if rawjson.Absent(f.Value) {
		return in.out.OutputConfig(own, nil)
	}
	if in.counting { // it has tokens, but CountTokens takes none
		in.warnNotSent(f)
		return nil
	}
	format, err := converse.ReadObject(f)
	if err != nil {
		return err
	}
	if kind := format.Field("type"); !rawjson.IsText(kind.Value, "json_schema") {
		return converse.Refuse(kind.At, converse.FaultResponseFormat)
	}
	in.out.WarnUnknown(format, "type", "schema", "name", "description")
	return in.out.OutputConfig(own, &converse.OutputSchema{
		At: f.At, Name: format.Field("name"), Description: format.Field("description"), Schema: format.Field("schema"),
	})
}

func (in *input) options() error {
	for _, o := range []struct {
		add func(converse.Field) error
		f   converse.Field
	}{
		{in.out.ResponsePaths, in.responsePaths()},
		{in.out.RequestMetadata, in.Either("request_metadata", "requestMetadata")},
		{in.out.PromptVariables, in.Either("prompt_variables", "promptVariables")},
		{in.out.Performance, in.Either("performance", "performanceConfig")},
		{in.out.Project, in.Either("project_identifier", "projectIdentifier")},
		{in.out.ServiceTier, in.serviceTier()},
	} {
		if err := o.add(o.f); err != nil {
			return err
		}
	}
	return nil
}

// stopPaths are where Claude says which stop sequence it met, in whole and in streamed
// answers.
var stopPaths = rawjson.Value(`["/stop_sequence","/delta/stop_sequence"]`)

// responsePaths asks for the stop sequence that was met, unless the client asks for
// fields of its own.
func (in *input) responsePaths() converse.Field {
	f := in.Either("additional_model_response_field_paths", "additionalModelResponseFieldPaths")
	if rawjson.Absent(f.Value) && in.out.Claude() && !rawjson.Empty(listed(in.Get("stop_sequences"))) {
		f.Value = stopPaths
	}
	return f
}

// serviceTier translates Anthropic's words. Bedrock's own are accepted, too.
func (in *input) serviceTier() converse.Field {
	f := in.Either("service_tier", "serviceTier")
	switch {
	case rawjson.IsText(f.Value, "auto"):
		f.Value = nil
	case rawjson.IsText(f.Value, "standard_only"):
		f.Value = rawjson.Value(`"default"`)
	}
	return f
}
