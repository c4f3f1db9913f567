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
	var err error
	if result.Blocks, err = in.out.ResultParts(result.Content, in.block); err != nil {
		return nil, err
	}
	blocks, err := in.out.ToolResult(result)
	if err != nil {
		return nil, err
	}
	return in.out.Mark(blocks, p.Field("cache_control"))
}
