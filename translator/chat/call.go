package chat

import "bedrock-extproc/translator"

// call is what the answer to one request must know of the request. Decode
// fills it in; it is then read-only, and implements translator.Encoder.
type call struct {
	// model is the id that was asked for; answers repeat it.
	model string
	// names restores the tool names that were changed for Bedrock.
	names toolNames
	// warnings lists every repair of the request, in the order of the request.
	warnings []warning
	// toolUseDeltas says whether tool_use_delta events are sent.
	toolUseDeltas bool
	// toolsWithheld says that tool_choice was "none": no tool event may reach
	// the client, whatever the model does.
	toolsWithheld bool
}

// A warning appears in metadata.warnings.
type warning = translator.Warning

// toolNames maps names as Bedrock saw them to names as the client gave them.
// Only changed names are listed; nil is valid and changes nothing.
type toolNames map[string]string

// original returns the client's name for a tool that Bedrock calls sent.
func (n toolNames) original(sent string) string {
	if name, ok := n[sent]; ok {
		return name
	}
	return sent
}
