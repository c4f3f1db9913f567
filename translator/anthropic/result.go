package anthropic

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// toolResult reads a tool result. A mark inside it, or on it, asks for a cache point
// behind it.
func (in *input) toolResult(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "tool_use_id", "content", "is_error", "cache_control")
	result := converse.ToolResult{At: p.At, ID: p.Field("tool_use_id"), Content: p.Field("content"), IsError: p.Field("is_error")}
	if rawjson.Kind(result.IsError.Value) == 'f' {
		result.IsError.Value = nil // Anthropic's default
	}
	mark := p.Field("cache_control")
	if rawjson.Kind(result.Content.Value) == '[' {
		blocks, err := in.content(result.Content)
		if err != nil {
			return nil, err
		}
		var inside converse.Field
		result.Blocks, inside = in.inside(blocks, result.Content)
		if rawjson.Absent(mark.Value) {
			mark = inside
		}
	}
	blocks, err := in.out.ToolResult(result)
	if err != nil {
		return nil, err
	}
	return in.out.Mark(blocks, mark)
}

// inside returns the blocks of a result without cache points, and the last mark among
// them. The list is not nil.
func (in *input) inside(blocks []converse.Block, f converse.Field) (content []converse.Block, mark converse.Field) {
	content = []converse.Block{}
	for _, b := range blocks {
		if b.Kind != "cachePoint" {
			content = append(content, b)
		}
	}
	for i, v := range rawjson.Elements(f.Value) {
		part := converse.Object{At: converse.Index(f.At, i), Members: rawjson.Members(v)}
		if m := part.Field("cache_control"); !rawjson.Absent(m.Value) {
			mark = m
		}
	}
	return content, mark
}
