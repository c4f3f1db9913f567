package responses

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// part reads a content part. Its members are those of
// https://platform.openai.com/docs/api-reference/responses/create.
func (in *input) part(p converse.Object) ([]converse.Block, error) {
	var blocks []converse.Block
	var err error
	kind := rawjson.Text(p.Get("type"))
	switch kind {
	case "input_text", "output_text", "text", "summary_text", "reasoning_text":
		in.out.WarnUnknown(p, "type", "text", "annotations", "logprobs", "parsed", "cache_control", "prompt_cache_breakpoint")
		blocks, err = in.out.Text(p.Field("text"))
	case "refusal":
		in.out.WarnUnknown(p, "type", "refusal")
		blocks, err = in.out.Text(p.Field("refusal"))
	case "input_image":
		blocks, err = in.image(p)
	case "input_file":
		in.out.WarnUnknown(p, "type", "file_data", "file_url", "file_id", "filename", "detail", "cache_control", "prompt_cache_breakpoint")
		openaiapi.WarnDetail(in.out, p)
		blocks, err = openaiapi.File(in.out, p, p.At)
	case "input_audio":
		in.out.WarnUnknown(p, "type", "input_audio", "cache_control", "prompt_cache_breakpoint")
		blocks, err = openaiapi.Audio(in.out, p.Field(kind), p.At)
	default:
		return nil, converse.Refuse(p.Field("type").At, converse.FaultInputPart)
	}
	if err != nil {
		return nil, err
	}
	return in.marked(blocks, p)
}

// marked appends the cache point that a message or a part asks for.
func (in *input) marked(blocks []converse.Block, o converse.Object) ([]converse.Block, error) {
	return openaiapi.Marked(in.out, blocks, o)
}

func (in *input) image(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "image_url", "file_id", "detail", "cache_control", "prompt_cache_breakpoint")
	openaiapi.WarnDetail(in.out, p)
	if id := p.Field("file_id"); !rawjson.Absent(id.Value) {
		return nil, converse.Refuse(id.At, converse.FaultFileID)
	}
	return in.out.Media(converse.Media{At: p.At, Kind: "image", Data: p.Field("image_url")})
}
