package chat

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// call implements translator.Encoder. It has what the answer to one request depends
// on in the request. Decode fills it in; after that, only its warnings change.
type call struct {
	// model is the id that was asked for; answers repeat it.
	model string
	// names are the client's names of tools and documents that were renamed.
	names converse.Names
	// warnings lists every repair of the request, in the order of the request.
	warnings []warning
	// toolUseDeltas says whether tool_use_delta events are sent.
	toolUseDeltas bool
	// stopError says that message_stop and metadata follow the error event of a stream,
	// and earlyEvent that they do not if no other event came before.
	stopError, earlyEvent bool
	// toolsWithheld says that tool_choice was "none": no tool event may reach the
	// client, even if the model calls a tool.
	toolsWithheld bool
}

// A warning appears in metadata.warnings.
type warning = translator.Warning
