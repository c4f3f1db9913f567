package openai

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) parameters() error {
	return in.shared.AddInference(in.maxTokens(), in.Field("stop"), in.Field("reasoning_effort"))
}

// maxTokens reads OpenAI's newer name and the older one.
func (in *input) maxTokens() converse.Field {
	newer, older := in.Field("max_completion_tokens"), in.Field("max_tokens")
	switch {
	case rawjson.Absent(newer.Value):
		return older
	case !rawjson.Absent(older.Value) && string(older.Value) != string(newer.Value):
		in.out.Warn(older.At, converse.FaultMaxTokensTwice)
	}
	return newer
}

func (in *input) options() error {
	schema, err := in.shared.ReadFormat(in.Field("response_format"), "json_schema")
	if err != nil {
		return err
	}
	return in.shared.AddOptions(schema)
}

// streamOptions is accepted without a stream, too.
func (in *input) streamOptions(c *call) error {
	f := in.Field("stream_options")
	if rawjson.Absent(f.Value) {
		return nil
	}
	options, err := converse.ReadObject(f)
	if err != nil {
		return err
	}
	in.out.WarnUnknown(options, "include_usage", "include_obfuscation")
	if c.includeUsage, err = converse.ReadBoolean(options.Field("include_usage")); err != nil {
		return err
	}
	return in.shared.ReadObfuscation(options)
}
