package converse

// This file holds every sentence about a request that clients read. docs/warnings.md
// is generated from it. Placeholders are the members of values.
//
// Codes of warnings never change: clients rely on them. Rows share a code where one
// repair has two causes. Texts put the subject first, and one idea into a sentence.

// Faults that only cause a warning, in every mode.
var (
	faultUnknownField = Fault{
		code: "unknown_field", problem: "This field is unknown.",
		done: "This field is unknown and was not sent.", hint: "Check its spelling, or leave it out.",
		evidence: "ours: a misspelt option should be noticed",
	}
	// FaultNotSent is about a member that an API has and Converse does not.
	FaultNotSent = Fault{
		code: "field_not_sent", problem: "Converse has no field for this.",
		done: "Converse has no field for this, so it was not sent.", hint: "Leave it out.",
		evidence: "AWS API reference, Converse, read 2026-11-23",
	}
	FaultParallelCalls = Fault{
		code: "parallel_calls_allowed", problem: "Converse cannot limit the model to one tool call.",
		done: "Converse cannot limit the model to one tool call, so it may make several.", hint: "Answer every tool call.",
		evidence: "AWS API reference, ToolConfiguration, read 2026-11-23",
	}
	FaultSystemMoved = Fault{
		code: "system_moved", problem: "This system message is in the middle of the conversation.",
		done: "The system message was added to the end of the system prompt.", hint: "Put system messages first.",
		evidence: "AWS API reference, Message, read 2026-11-23: the roles of most models are user and assistant",
	}
	faultCacheTTL = Fault{
		code: "cache_ttl_dropped", problem: "Bedrock does not have this lifetime of cache points.",
		done: "The lifetime of the cache point was not sent. Bedrock uses its default, five minutes.", hint: "Use 5m or 1h.",
		evidence: "AWS API reference, CachePointBlock, read 2026-11-23",
	}
	faultEffort = template{
		code: "reasoning_effort_not_sent", problem: "It is not known how to set the effort {value} for this model.",
		done: "It is not known how to set the effort {value} for this model, so it was not sent.",
		hint: "Use additional_model_request_fields as the model's provider describes it.", evidence: "ours: each model family has a field of its own",
	}
	faultEffortTokens = template{
		code: "reasoning_effort_not_sent", problem: "The maximum number of tokens leaves no room to think.",
		done: "The maximum number of tokens leaves no room to think, so the effort was not sent.", hint: "Raise the maximum above {count} tokens.",
		evidence: "AWS user guide, Claude extended thinking, read 2026-11-26: a budget has at least 1024 tokens",
	}
	faultEffortHistory = Fault{
		code: "reasoning_effort_not_sent", problem: "The conversation ends with tool results, and the reasoning before their calls is missing.",
		done:     "The conversation ends with tool results, and the reasoning before their calls is missing. The model cannot think then, so the effort was not sent.",
		hint:     "Send the reasoning back with the tool calls.",
		evidence: "\"When `thinking` is enabled, a final `assistant` message must start with a thinking block\": anomalyco/opencode issue 3077, read 2026-11-26",
	}
	FaultAllowedTools = Fault{
		code: "allowed_tools_only", problem: "Converse cannot limit the choice to some of the tools.",
		done: "Only the allowed tools were sent. A changed list of tools misses the prompt cache.", hint: "Keep the list of tools the same to use the cache.",
		evidence: "AWS API reference, ToolChoice, read 2026-11-23",
	}
	FaultJSONObject = Fault{
		code: "json_object_not_sent", problem: "Converse cannot ask for JSON without a schema.",
		done: "Converse cannot ask for JSON without a schema, so the response format was not sent.", hint: "Use json_schema, or ask for JSON in a message.",
		evidence: "AWS API reference, OutputFormat, read 2026-11-23: json_schema is the only type",
	}
	FaultGrammar = Fault{
		code: "grammar_in_description", problem: "Converse has no grammars for the input of tools.",
		done: "The grammar was added to the description of the tool. The model may not follow it.", hint: "Check the input of the tool.",
		evidence: "AWS API reference, ToolSpecification, read 2026-11-23",
	}
	FaultMaxTokensTwice = Fault{
		code: "max_tokens_ignored", problem: "max_tokens and max_completion_tokens differ.",
		done: "max_tokens was not sent, because max_completion_tokens has another value.", hint: "Set max_completion_tokens only.",
		evidence: "ours: two values for one parameter",
	}
	FaultMetadataKept = Fault{
		code: "metadata_not_sent", problem: "This gateway does not send metadata to Bedrock.",
		done: "The metadata was not sent, because the operator of this gateway keeps it back.", hint: "Leave it out, or ask the operator.",
		evidence: "ours: Bedrock shows metadata in invocation logs",
	}
	FaultSystemNote = Fault{
		code: "system_as_user_text", problem: "This system message is in the middle of the conversation.",
		done: "The system message was sent as a note to the model in a user message.", hint: "Put system messages into the system prompt.",
		evidence: "AWS API reference, Message, read 2026-11-23: the roles of most models are user and assistant; a changed system prompt would miss the prompt cache",
	}
	FaultNoMaxTokens = Fault{
		code: "max_tokens_missing", problem: "The request has no max_tokens.",
		done: "The request has no max_tokens. Bedrock uses the model's maximum.", hint: "Set max_tokens.",
		evidence: "AWS API reference, InferenceConfiguration, read 2026-11-23",
	}
	faultBetas = template{
		code: "betas_not_sent", problem: "{count} of the betas are not on this gateway's list, or the model is not a Claude.",
		done: "{count} of the betas were not sent, because they are not on this gateway's list, or the model is not a Claude.",
		hint: "Leave them out, or ask the operator of this gateway.", evidence: `"invalid beta flag" for the whole call: BerriAI/litellm issue 16561, read 2026-11-26`,
	}
	FaultServerBlock = Fault{
		code: "server_tool_dropped", problem: "This is a call or a result of a tool that another provider ran.",
		done: "The call or the result of a tool that another provider ran was not sent.", hint: "Leave it out.",
		evidence: "ours: its content is encrypted for that provider",
	}
	FaultHostedTool = Fault{
		code: "hosted_tool_dropped", problem: "Bedrock does not have this type of tool.",
		done: "Bedrock does not have this type of tool, so the tool was not sent.", hint: "Leave it out, or declare a function.",
		evidence: "AWS API reference, Tool, read 2026-11-26: it has a name and a schema; Codex declares a web search in every request",
	}
	FaultNotStored = Fault{
		code: "response_not_stored", problem: "Responses are not stored.",
		done: "The response is not stored, although store is not false.", hint: "Set store to false, and send the whole conversation in each request.",
		evidence: "ours: the gateway stores nothing",
	}
	FaultReasoningForeign = Fault{
		code: "foreign_reasoning_dropped", problem: "This reasoning does not come from this gateway, or it lacks its encrypted_content.",
		done: "The reasoning was not sent, because it does not come from this gateway, or it lacks its encrypted_content.",
		hint: "Send reasoning items back unchanged, with encrypted_content.", evidence: "ours: a summary is not what the model has thought, and other providers encrypt the rest",
	}
	faultThinkingAdaptive = Fault{
		code: "thinking_adaptive", problem: "This model decides itself how much to think.",
		done: "Thinking was sent as adaptive, with an effort for the budget, because this model accepts no budget.", hint: "Use the thinking type adaptive.",
		evidence: "models from Opus 4.7 on refuse a budget: BerriAI/litellm issue 36650; without an effort they do not think: pull request 36507; read 2026-11-26",
	}
	faultMetadataEntry = template{
		code: "metadata_entry_dropped", problem: "Bedrock does not accept the key or the value of entry {count}.",
		done:     "Entry {count} of the metadata was not sent, because Bedrock does not accept its key or its value, or has room for no more.",
		hint:     "Use at most 16 entries, and at most 256 letters, digits, white space and : _ @ $ # = / + , - .",
		evidence: "AWS API reference, Converse, read 2026-11-23, requestMetadata",
	}
	faultGuardrailReplaced = Fault{
		code: "guardrail_replaced", problem: "This caller cannot choose a guardrail.",
		done: "The guardrail was replaced by the one that is set for this caller.", hint: "Leave the guardrail out.",
		evidence: "ours: the operator enforces the guardrail",
	}
	faultMoreWarnings = template{
		code: "more_warnings", problem: "The request has more than 100 warnings.",
		done: "There are {count} more warnings.", hint: "Fix the listed ones first.",
		evidence: "ours: answers are bounded",
	}
	// FaultToolCallWithheld is about an answer.
	FaultToolCallWithheld = Fault{
		code: "tool_call_withheld", problem: "The model called a tool although tool_choice is none.",
		done: "The model called a tool although tool_choice is none; the call was left out.", hint: "Nothing: the answer is complete without the call.",
		evidence: "ours: Converse has no tool choice none",
	}
	// FaultToolCallUnavailable is about an answer, too.
	FaultToolCallUnavailable = Fault{
		code: "tool_call_withheld", problem: "The model called a tool although the request has none.",
		done: "The model called a tool although the request has none; the call was left out.", hint: "Send the tools that the conversation uses.",
		evidence: "ours: Bedrock requires tools in a conversation with tool calls, so they are declared as not available",
	}
)

// Faults that are repaired: messages and their content.
var (
	faultBlankText = Fault{
		code: "blank_text_dropped", problem: "This text is blank. Bedrock rejects blank text.",
		done: "The text was blank and was not sent.", hint: "Leave it out.",
		evidence: `"text field … is blank": boto/botocore issue 3525, langchain-ai/langchain-aws issue 590, read 2026-11-23`,
	}
	faultHalf = Fault{
		code: "half_character_replaced", problem: "This text contains half of a surrogate pair without the other half.",
		done: "Half of a surrogate pair was replaced by U+FFFD, here and wherever else the request has one.", hint: "Do not cut text between the halves of a character.",
		evidence: "ours: it is not known how Bedrock reads it, and many clients cannot write it again, so that one such text would break a conversation",
	}
	faultEmptyTurn = Fault{
		code: "empty_turn_dropped", problem: "This message has no content.",
		done: "The message had no content and was not sent.", hint: "Leave it out, or add content.",
		evidence: `"content field in the Message object at messages.N is empty": langchain-ai/langchain issue 26968, pydantic/pydantic-ai issue 3689, read 2026-11-23`,
	}
	faultSameRole = Fault{
		code: "turns_merged", problem: "This message has the same role as the message before it.",
		done: "The message was merged with the message before it, which has the same role.", hint: "Send one message instead of two.",
		evidence: `"must alternate between user and assistant": Portkey-AI/gateway issue 748, agentgateway/agentgateway issue 1358, read 2026-11-23; some models accept two, and for them it means the same`,
	}
	faultTrailingSpace = template{
		code: "trailing_space_trimmed", problem: "For {family}, the assistant's last text cannot end with white space.",
		done: "White space at the end of the assistant's last text was removed.", hint: "Remove the white space.",
	}
	faultDocumentText = Fault{
		code: "document_text_added", problem: "A message with a document must also contain text.",
		done: "The message has a document and no text. The text \"(document)\" was added.", hint: "Add a text block that says what to do with the document.",
		evidence: `"A text block must be included when using documents": archestra issue 4220, read 2026-11-23`,
	}
	faultEmptySystem = Fault{
		code: "empty_system_dropped", problem: "The system prompt contains only cache points.",
		done: "The system prompt contained only cache points and was not sent.", hint: "Leave it out, or add text.",
		evidence: "ours: a cache point marks the end of content, and there is none",
	}
	faultFormatName = template{
		code: "format_renamed", problem: "Bedrock calls this format {name}.",
		done: "The format was sent as {name}, which is Bedrock's name for it.", hint: "Use one of {list}.",
		evidence: "other names, such as jpg and JPEG, are refused: live test in NousResearch/hermes-agent issue 55429, read 2026-11-23",
	}
	faultFormatDetected = template{
		code: "format_detected", problem: "The bytes of this {kind} are in the format {name}, which is not the one that it names.",
		done: "The bytes are in the format {name}, so that was sent.", hint: "Name the format that the bytes have.",
		evidence: "recorded 2026: \"The detected file MIME type text/plain does not match the expected type image/png. Reformat your input and try again.\"",
	}
	faultDataURL = Fault{
		code: "base64_rewritten", problem: "This is a data URL, not plain base64.",
		done: "The data URL was reduced to the base64 in it.", hint: "Send only the base64 part.",
		evidence: `"Failed to sanitize image": NousResearch/hermes-agent issue 33536, read 2026-11-23`,
	}
	faultBase64Variant = Fault{
		code: "base64_rewritten", problem: "This is not standard base64: its alphabet, padding or line breaks differ.",
		done:     "The base64 was rewritten with the standard alphabet, with padding and without line breaks.",
		hint:     "Send standard base64, with padding and without line breaks.",
		evidence: "base64 in another form fails: anomalyco/opencode issue 46333, read 2026-11-23",
	}
	faultDocumentName = template{
		code: "document_renamed", problem: "Bedrock does not accept this document name, or another document has the same name.",
		done:     "The document was sent with the name {name}.",
		hint:     "Give each document a unique name of at most 200 letters, digits, single spaces, underscores, hyphens, parentheses and brackets.",
		evidence: "AWS API reference, DocumentBlock, read 2026-11-23; vercel/ai issue 20365, maximhq/bifrost issue 7003; recorded 2026: names with _ are accepted",
	}
	faultReasoningText = template{
		code: "reasoning_dropped", problem: "For {family}, reasoning in clear text cannot be sent back.",
		done: "The reasoning was not sent, because {family} do not accept reasoning in clear text.",
		hint: "Send reasoning back unchanged, or leave it out.",
	}
	faultReasoningUnsigned = template{
		code: "reasoning_dropped", problem: "For {family}, reasoning without a signature cannot be sent back.",
		done: "The reasoning was not sent, because {family} do not accept reasoning without a signature.",
		hint: "Send reasoning back unchanged, or leave it out.",
	}
	faultEmptySignature = Fault{
		code: "empty_signature_dropped", problem: "This signature is empty. Bedrock rejects empty signatures.",
		done: "The signature was empty and was not sent.", hint: "Leave it out.",
		evidence: `"Invalid signature": maximhq/bifrost issue 6942, read 2026-11-23`,
	}
	faultCachePointInside = Fault{
		code: "cache_point_moved", problem: "A tool result cannot contain a cache point.",
		done: "The cache point was moved from inside the tool result to behind it.", hint: "Put cache points beside tool results.",
		evidence: "AWS API reference, ToolResultContentBlock, read 2026-11-23; Portkey-AI/gateway issue 1762",
	}
	faultCacheHour = template{
		code: "cache_ttl_lowered", problem: "For {family}, a cache point cannot have a lifetime of one hour.",
		done: "The lifetime of the cache point was not sent, because {family} do not accept one hour. Bedrock uses its default, five minutes.", hint: "Use 5m, or leave it out.",
	}
	faultCachePointPosition = template{
		code: "cache_point_dropped", problem: "For {family}, a cache point is not allowed here.",
		done: "The cache point was not sent, because {family} do not accept one here.", hint: "Put the cache point elsewhere, or leave it out.",
	}
	faultCachePointReasoning = Fault{
		code: "cache_point_dropped", problem: "A cache point cannot come straight after reasoning.",
		done: "The cache point was not sent, because Bedrock accepts none straight after reasoning.", hint: "Put the cache point after the text or the tool call that follows.",
		evidence: "Bedrock refuses a cache point straight after reasoningContent; seen with Claude, 2026",
	}
	faultCachePointCount = template{
		code: "cache_point_dropped", problem: "For {family}, a request can have at most {count} cache points.",
		done: "The cache point was not sent, because {family} accept at most {count} in a request. Later ones cover what it covered.",
		hint: "Keep the cache points that end the longest unchanging parts.",
	}
)

// Faults that are repaired: tools, tool calls, tool results and parameters.
var (
	faultInputNotObject = Fault{
		code: "tool_input_wrapped", problem: "The input of this tool call is not a JSON object.",
		done: `The input of the tool call is not a JSON object. It was sent as {"raw": input}.`, hint: "Send the input as a JSON object.",
		evidence: "AWS API reference, ToolUseBlock, read 2026-11-23: the input is a JSON object",
	}
	faultResultOrder = Fault{
		code: "tool_results_sorted", problem: "Tool results must come first in the message, in the order of the tool calls.",
		done:     "The tool results were moved to the start of the message, in the order of the tool calls.",
		hint:     "Send tool results in the order of the tool calls, before other content.",
		evidence: "tool results come first in the message: OpenHands/OpenHands issue 4912, agno-agi/agno issue 6698, read 2026-11-23; their order among themselves keeps prompt caches",
	}
	faultEmptyResult = Fault{
		code: "empty_result_filled", problem: "This tool result has no content.",
		done: `The tool result had no content. It was sent as the text "(empty)".`, hint: "Send a text that says that the tool returned nothing.",
		evidence: "Nemotron refuses an empty list, other models blank text: strands-agents/harness-sdk issue 2122, pydantic/pydantic-ai issue 6115, read 2026-11-23",
	}
	faultJSONResult = Fault{
		code: "json_result_as_text", problem: "A json block of a tool result must contain an object.",
		done: "The json block did not contain an object. Its value was sent as text.", hint: "Put the value into an object, or send text.",
		evidence: `arrays and scalars are refused: aws/aws-sdk-net issue 3377, sigoden/aichat issue 1550, read 2026-11-23`,
	}
	faultResultStatus = template{
		code: "tool_result_status_dropped", problem: "For {family}, a tool result cannot have a status.",
		done: "The status was not sent, because {family} do not accept one.", hint: "Leave it out.",
	}
	faultToolName = template{
		code: "tool_renamed", problem: "Bedrock does not accept the name of this tool.",
		done:     "The tool was sent with the name {name}. The answer uses the original name.",
		hint:     "Use letters, digits, _ and -, at most 64.",
		evidence: "AWS API reference, ToolSpecification, read 2026-11-23; BerriAI/litellm issue 5007",
	}
	faultToolUseID = template{
		code: "tool_use_id_renamed", problem: "Bedrock does not accept the id of this tool call.",
		done: "The tool call was sent with the id {name}.", hint: "Use letters, digits, _, -, . and :, at most 64.",
		evidence: "AWS API reference, ToolUseBlock, read 2026-11-23; run-llama/llama_index issue 22775",
	}
	faultSchemaType = Fault{
		code: "schema_type_added", problem: "The root of this schema has no type.",
		done: `"type": "object" was added to the root of the schema.`, hint: "Give the root of the schema the type object.",
		evidence: `"inputSchema.json.type must be one of the following: object": cognitect-labs/aws-api issue 272, earendil-works/pi issue 8279, read 2026-11-23`,
	}
	faultSchemaOpen = Fault{
		code: "schema_closed", problem: "An object of this schema does not exclude other properties.",
		done:     `"additionalProperties": false was added to the objects of the schema that lacked it.`,
		hint:     `Set "additionalProperties" to false in each object of the schema.`,
		evidence: "`For 'object' type, 'additionalProperties' must be explicitly set to false`: future-agi/future-agi pull request 412, 2026-05-12",
	}
	FaultCustomTool = Fault{
		code: "custom_tool_wrapped", problem: "Converse has no custom tools, whose input is text.",
		done: "The custom tool was sent as a function whose one parameter is the text. Calls of it are custom calls in the answer.", hint: "Use a function.",
		evidence: "AWS API reference, ToolSpecification, read 2026-11-23; Bedrock refuses tools of the type custom: openai/codex issue 19416",
	}
	FaultTemperature = Fault{
		code: "temperature_lowered", problem: "Converse accepts temperatures from 0 to 1.",
		done: "The temperature was lowered to 1, which is Converse's highest.", hint: "Use a number from 0 to 1.",
		evidence: "AWS API reference, InferenceConfiguration, read 2026-11-23",
	}
	faultTierAuto = Fault{
		code: "service_tier_dropped", problem: "Bedrock has no service tier auto.",
		done: "The service tier auto was not sent. Bedrock uses its default.", hint: "Leave it out.",
		evidence: "AWS API reference, ServiceTier, read 2026-11-23",
	}
	faultModelBlanks = Fault{
		code: "model_trimmed", problem: "The model id begins or ends with white space.",
		done: "White space around the model id was removed.", hint: "Remove the white space.",
		evidence: "AWS API reference, Converse, modelId, whose pattern has no white space, read 2026-11-23",
	}
	faultNoTool = Fault{
		code: "empty_tools_dropped", problem: "The list of tools contains only cache points.",
		done: "The list of tools contained only cache points and was not sent.", hint: "Leave it out, or add a tool.",
		evidence: "AWS API reference, ToolConfiguration, read 2026-11-23: at least one tool",
	}
	faultToolsUndeclared = Fault{
		code: "tools_declared", problem: "The conversation contains tool calls, but the request has no tools.",
		done:     "The conversation contains tool calls, and Bedrock requires their tools. They were declared as not available.",
		hint:     "Send the tools that the conversation uses.",
		evidence: `"The toolConfig field must be defined when using toolUse and toolResult content blocks": langgenius/dify issue 16421, vercel/ai issue 7528, read 2026-11-23`,
	}
	faultDefault = template{
		code: "default_dropped", problem: "For {family}, this parameter need not be sent.",
		done: "The value is the default and was not sent, because {family} accept no other.", hint: "Leave it out.",
	}
	faultTogetherDefault = template{
		code: "default_dropped", problem: "For {family}, only one of {path} and {value} can be set.",
		done: "The value is the default and was not sent, because {family} accept only one of {path} and {value}.", hint: "Leave one of them out.",
	}
	faultThinkingBudget = Fault{
		code: "thinking_budget_set", problem: "This model thinks with a budget, and not adaptively.",
		done: "Thinking was sent with a budget of tokens, because this model does not think adaptively.", hint: "Use the thinking type enabled with budget_tokens.",
		evidence: "adaptive thinking is for Claude 4.6 and newer: langchain-ai/langchain-aws pull request 928, read 2026-11-26",
	}
	faultEmptyStop = Fault{
		code: "empty_stop_dropped", problem: "This stop sequence is empty.",
		done: "The stop sequence was empty and was not sent.", hint: "Leave it out.",
		evidence: "AWS API reference, InferenceConfiguration, read 2026-11-23: at least one character",
	}
)

// Malformed requests: the JSON has the wrong form. They are refused in every mode.
var (
	faultNotJSON       = template{code: "not_json", malformed: true, problem: "The body is not JSON: {value}."}
	faultBodyNotObject = Fault{code: "body_not_an_object", malformed: true, problem: "The body should be a JSON object."}

	FaultNoMessages       = Fault{code: "messages_missing", malformed: true, problem: "Field required: a list of messages."}
	FaultNoInput          = Fault{code: "input_missing", malformed: true, problem: "Field required: a string or a list of items."}
	FaultItemRole         = Fault{code: "item_role_unknown", malformed: true, problem: "Input should be user, assistant, system or developer."}
	FaultNoRole           = Fault{code: "role_missing", malformed: true, problem: "Field required: role or content."}
	FaultRole             = Fault{code: "role_unknown", malformed: true, problem: "Input should be user, assistant, system, developer or tool."}
	FaultNotSystem        = Fault{code: "not_a_system_prompt", malformed: true, problem: "Input should be a string or a list of system blocks."}
	FaultNotObject        = Fault{code: "not_an_object", malformed: true, problem: "Input should be an object."}
	FaultNotString        = Fault{code: "not_a_string", malformed: true, problem: "Input should be a string."}
	FaultNotBoolean       = Fault{code: "not_a_boolean", malformed: true, problem: "Input should be true or false."}
	FaultNotText          = Fault{code: "not_a_string_or_object", malformed: true, problem: "Input should be a string or an object."}
	faultNotList          = Fault{code: "not_a_list", malformed: true, problem: "Input should be a list."}
	faultNotStrings       = Fault{code: "not_a_list_of_strings", malformed: true, problem: "Input should be a list of strings."}
	faultNotStops         = Fault{code: "not_stop_sequences", malformed: true, problem: "Input should be a string or a list of strings."}
	faultNotStringObject  = Fault{code: "not_an_object_of_strings", malformed: true, problem: "Input should be an object of strings."}
	faultNotNumber        = Fault{code: "not_a_number", malformed: true, problem: "Input should be a number."}
	faultNotWhole         = Fault{code: "not_a_whole_number", malformed: true, problem: "Input should be a whole number."}
	faultNotContent       = Fault{code: "not_content", malformed: true, problem: "Input should be a string or a list of content blocks."}
	faultNotBlock         = Fault{code: "not_a_content_block", malformed: true, problem: "Input should be a content block, which is an object."}
	faultNotResultContent = Fault{code: "not_result_content", malformed: true, problem: "Input should be a list of content blocks."}
	faultNotBase64String  = Fault{code: "not_a_base64_string", malformed: true, problem: "Input should be a string with base64."}
	faultNotSchema        = Fault{code: "not_a_schema", malformed: true, problem: "Input should be a JSON schema, which is an object."}
)

// Requests that are refused: messages and their content.
var (
	FaultNoModel = Fault{
		code: "model_missing", problem: "The request names no model, and the backend has no default model.", hint: "Name a model.",
		evidence: "ours: a call needs a model",
	}
	faultModelID = Fault{
		code: "model_invalid", problem: "This is not a model id: it has more than 2,048 characters, or characters that model ids do not have.",
		hint:     "Send the id of a model or of an inference profile, its ARN, or an alias of this gateway.",
		evidence: "AWS service model, ConversationalModelId, of botocore 1.43.11, read 2026-11-26: its pattern and its length; the id is a part of the URL's path",
	}
	faultRequired = Fault{
		code: "field_missing", problem: "This field is required and cannot be empty.",
		evidence: "AWS API reference, Converse, read 2026-11-23: required members",
	}
	faultManyBlocks = Fault{
		code: "too_many_blocks", problem: "The request has more than 100000 content blocks and tools.", hint: "Send fewer and longer ones.",
		evidence: "ours: memory for a request is bounded; no model accepts nearly as many",
	}
	faultEmptyRequest = Fault{
		code: "no_message", problem: "There is no message to send.", hint: "Send at least one user message with content.",
		evidence: `"must start with a user message", also for an empty list; pydantic/pydantic-ai issue 4498, read 2026-11-23`,
	}
	faultFirstTurn = template{
		code: "first_turn", problem: "For {family}, a conversation must start with a user message.",
		hint: "Put a user message first, or send a greeting as part of the system prompt.",
	}
	faultLastTurn = template{
		code: "last_turn", problem: "For {family}, a conversation must end with a user message.",
		hint: "Leave out the unfinished answer: these models do not continue one.",
	}
	faultUserBlock = template{
		code: "user_block", problem: "A user message cannot contain {kind} blocks.", hint: "Send them in an assistant message.",
		evidence: `"User messages cannot contain reasoning content": vercel/ai issue 7034, read 2026-11-23; tool calls: AWS API reference, Message`,
	}
	faultSystemBlock = template{
		code: "system_block", problem: "A system prompt cannot contain {kind} blocks.", hint: "Use text, guardContent and cachePoint.",
		evidence: "AWS API reference, SystemContentBlock, read 2026-11-23",
	}
	faultBlockMembers = Fault{
		code: "block_members", problem: "A content block must have exactly one member, which names its kind.",
		hint:     `Send each block as an object such as {"text": "…"}.`,
		evidence: "AWS API reference, ContentBlock, read 2026-11-23: a union, which has one member",
	}
	faultDocumentAlone = Fault{
		code: "document_without_text", problem: "A message with a document must also contain text.",
		hint:     "Add a text block that says what to do with the document.",
		evidence: `"A text block must be included when using documents": archestra issue 4220, read 2026-11-23`,
	}
	faultBesideResults = template{
		code: "beside_tool_results", problem: "For {family}, {kind} blocks cannot share a message with tool results.",
		hint: "Send them in a later user message, after the assistant's answer to the results.",
	}
	faultNoFormat = template{
		code: "format_missing", problem: "Bedrock requires the format of this {kind}.", hint: "Use one of {list}.",
		evidence: "AWS API reference, ImageBlock, VideoBlock and AudioBlock, read 2026-11-23",
	}
	faultFormat = template{
		code: "format_unknown", problem: "Bedrock does not accept the {kind} format {value}.", hint: "Use one of {list}.",
		evidence: "AWS API reference, ImageBlock, VideoBlock, AudioBlock and DocumentBlock, read 2026-11-23; strands-agents/harness-sdk issue 3019",
	}
	faultNoSource = Fault{
		code: "source_missing", problem: "The source is missing.", hint: "Set source.bytes to base64, or set source.s3Location.",
		evidence: "AWS API reference, ImageBlock, VideoBlock, AudioBlock and DocumentBlock, read 2026-11-23",
	}
	faultURL = Fault{
		code: "source_url", problem: "URLs are not fetched.", hint: "Send the bytes as base64, or set source.s3Location.",
		evidence: "ours: a caller must not choose what the sidecar's network fetches; Bedrock has no member for it",
	}

	faultDataURLPlain = Fault{
		code: "data_url_plain", problem: "This data URL does not contain base64.", hint: "Send the bytes as standard base64.",
		evidence: "AWS API reference, ImageSource, read 2026-11-23: base64",
	}
	faultBase64URL = Fault{
		code: "base64_url", problem: "This is a URL, not base64. URLs are not fetched.", hint: "Send the bytes as standard base64.",
		evidence: "ours: a caller must not choose what the sidecar's network fetches; Bedrock has no member for it",
	}
	faultNotBase64 = Fault{
		code: "base64_invalid", problem: "This is not base64.", hint: "Send the bytes as standard base64.",
		evidence: "AWS API reference, ImageSource, read 2026-11-23: base64; anomalyco/opencode issue 46333",
	}

	FaultPart = Fault{
		code: "content_part", problem: "This type of content part is unknown.",
		hint:     `Use text, image_url, input_audio or file, or a Converse block such as {"text": "…"}.`,
		evidence: "ours: no Converse block has the same meaning",
	}
	FaultInputPart = Fault{
		code: "input_part", problem: "This type of content part is unknown.",
		hint:     `Use input_text, output_text, input_image, input_file or input_audio, or a Converse block such as {"text": "…"}.`,
		evidence: "ours: no Converse block has the same meaning",
	}
	FaultItem = Fault{
		code: "item_type", problem: "This type of item is unknown.",
		hint:     "Use message, reasoning, function_call, function_call_output, custom_tool_call or custom_tool_call_output.",
		evidence: "ours: no Converse block has the same meaning",
	}
	FaultStored = Fault{
		code: "nothing_stored", problem: "Responses are not stored, so a request cannot refer to one.",
		hint:     "Send the whole conversation as input, and set store to false.",
		evidence: "ours: the gateway stores nothing",
	}
	FaultCompaction = Fault{
		code: "compaction", problem: "This conversation was compacted by another provider, which has encrypted it.",
		hint:     "Send the conversation itself, or a summary as a message.",
		evidence: "ours: without this item, the model would not know the conversation",
	}
	FaultBlockType = Fault{
		code: "block_type", problem: "This type of content block is unknown.",
		hint:     `Use text, image, document, search_result, tool_use, tool_result, thinking or redacted_thinking, or a Converse block such as {"text": "…"}.`,
		evidence: "ours: no Converse block has the same meaning",
	}
	FaultFileID = Fault{
		code: "file_id", problem: "Files are not stored, so a file id cannot be used.", hint: "Send the file itself, as a data URL.",
		evidence: "ours: the gateway stores nothing",
	}
	faultNotDataURL = Fault{
		code: "not_a_data_url", problem: "This is not a data URL with base64. Other URLs are not fetched.",
		hint:     "Send a data URL such as data:image/png;base64,…, or a Converse block with source.s3Location.",
		evidence: "ours: the gateway fetches nothing",
	}

	faultCachePointOrder = template{
		code: "cache_point_order", problem: "This cache point has a lifetime of one hour, but the earlier one at {path} has five minutes.",
		hint:     "Put the longer lifetimes first, in the order tools, system, messages.",
		evidence: `"a ttl='1h' … must not come after a ttl='5m'": BerriAI/litellm issue 32154, read 2026-11-23`,
	}
)

// Requests that are refused: tool calls and tool results.
var (
	faultAssistantResult = Fault{
		code: "assistant_tool_result", problem: "An assistant message cannot contain a tool result.", hint: "Send tool results in a user message.",
		evidence: `"Expected toolResult blocks at messages.N.content for the following Ids": results belong into the user message after the calls: agno-agi/agno issue 6698, read 2026-11-23`,
	}
	faultSameToolUseID = template{
		code: "tool_use_id_twice", problem: "Two tool calls of this message have the id {id}.", hint: "Give each tool call a unique id.",
		evidence: `"number of toolResult blocks … exceeds": strands-agents/harness-sdk issue 1435, read 2026-11-23; a result names a call by its id`,
	}
	faultResultMissing = template{
		code: "tool_result_missing", problem: "There is no tool result for {id}.",
		hint:     "Send one result for each tool call, directly after the assistant message that contains the calls.",
		evidence: `"Expected toolResult blocks at messages.N.content for the following Ids": agno-agi/agno issue 6698, read 2026-11-23`,
	}
	faultResultUnasked = template{
		code: "tool_result_unasked", problem: "The previous assistant message contains no tool call {id}.",
		hint:     "Send a result directly after the assistant message that contains the call.",
		evidence: `"number of toolResult blocks … exceeds": OpenHands/OpenHands issue 4912, strands-agents/harness-sdk issue 1435, read 2026-11-23`,
	}
	faultResultTwice = template{
		code: "tool_result_twice", problem: "There are two results for the tool call {id}.", hint: "Send one result for each tool call.",
		evidence: `"number of toolResult blocks … exceeds": OpenHands/OpenHands issue 4912, strands-agents/harness-sdk issue 1435, read 2026-11-23`,
	}
	FaultToolCallType = Fault{
		code: "tool_call_type", problem: "Bedrock has no tool calls of this type.", hint: "Use the type function, with a name and arguments.",
		evidence: "AWS API reference, ToolUseBlock: a call has an input document",
	}
	FaultFunctionCall = Fault{
		code: "function_call", problem: "The role function and function_call are not supported: they have no ids.",
		hint:     "Use tool_calls, and messages with the role tool.",
		evidence: "AWS API reference, ToolResultBlock: toolUseId is required",
	}
	faultStatusUnknown = Fault{
		code: "tool_result_status_unknown", problem: "This tool result status is unknown.", hint: "Use success or error, or leave it out.",
		evidence: "AWS API reference, ToolResultBlock, read 2026-11-23",
	}
	faultResultKind = template{
		code: "tool_result_kind", problem: "A tool result cannot contain {kind} blocks.", hint: "Use {list}.",
		evidence: "AWS API reference, ToolResultContentBlock, read 2026-11-23",
	}
	faultResultMedia = template{
		code: "tool_result_media", problem: "For {family}, a tool result cannot contain this {kind}.",
		hint: "Send it in a user message, or send its content as text.",
	}
)

// Requests that are refused: tools and the choice among them.
var (
	FaultNamespace = Fault{
		code: "namespace_name", problem: "The name of a namespace has more than 128 bytes.", hint: "Use a shorter name.",
		evidence: "ours: the name is a part of the name of each of its tools, and memory for a request is bounded",
	}
	FaultToolType = Fault{
		code: "tool_type", problem: "This tool type is unknown.",
		hint:     "Send a function with name, description and input_schema, or a tool in Bedrock's own form.",
		evidence: "ours: Converse has no such tool, and what it means is not known",
	}
	faultSchemaRoot = Fault{
		code: "schema_root_type", problem: "The root of a tool's schema must have the type object.", hint: "Put the value into a property.",
		evidence: `"inputSchema.json.type must be one of the following: object": cognitect-labs/aws-api issue 272, earendil-works/pi issue 8279, read 2026-11-23`,
	}
	faultSameTool = Fault{
		code: "tool_name_twice", problem: "Another tool has the same name.", hint: "Give each tool a unique name.",
		evidence: "ours: a call by that name has two meanings",
	}
	faultStrictKeyword = template{
		code: "strict_keyword", problem: "For {family}, the schema of a strict tool cannot use {value}.", hint: "Change the schema, or leave strict out.",
	}
	faultStrictTools = template{
		code: "strict_tools", problem: "For {family}, a request can have at most {count} strict tools.", hint: "Leave strict out of some tools.",
	}
	faultStrictOptional = template{
		code: "strict_optional", problem: "For {family}, strict tools can have at most {count} optional parameters in total.",
		hint: "Change the schema, or leave strict out.",
	}
	faultChoiceMembers = Fault{
		code: "tool_choice_members", problem: "A tool choice must have exactly one member.",
		hint:     `Use {"auto": {}}, {"any": {}} or {"tool": {"name": …}}.`,
		evidence: "AWS API reference, ToolChoice, read 2026-11-23: a union, which has one member",
	}
	faultChoiceUnknown = Fault{
		code: "tool_choice_unknown", problem: "There is no tool with this name.", hint: "Name one of the tools, or add this one to them.",
		evidence: "ours: the choice has no meaning; a tool with this name is not sent",
	}
	FaultAllowedUnknown = Fault{
		code: "allowed_tool_unknown", problem: "There is no tool with this name.", hint: "Name one of the tools, or add this one to them.",
		evidence: "ours: the choice has no meaning; a tool with this name is not sent",
	}
	faultChoiceForced = template{
		code: "tool_choice_forced", problem: "For {family}, a tool cannot be forced while the model thinks.", hint: "Use auto, or switch thinking off.",
	}
)

// Requests that are refused: parameters and options.
var (
	faultMaxTokens = template{
		code: "max_tokens", problem: "The value {value} is out of bounds.", hint: "Use a whole number of at least 1.",
		evidence: "AWS API reference, InferenceConfiguration, read 2026-11-23",
	}
	faultFraction = template{
		code: "fraction", problem: "The value {value} is out of bounds.", hint: "Use a number from 0 to 1.",
		evidence: "AWS API reference, InferenceConfiguration, read 2026-11-23",
	}

	faultParameter = template{
		code: "parameter", problem: "For {family}, this parameter cannot have another value than the default.", hint: "Leave it out.",
	}
	faultTogether = template{
		code: "parameters_together", problem: "For {family}, only one of {path} and {value} can be set.", hint: "Leave one of them out.",
	}
	faultWhileThinking = template{
		code: "parameter_while_thinking", problem: "For {family}, this parameter cannot be set while the model thinks.",
		hint: "Leave it out, or switch thinking off.",
	}
	faultBudget = template{
		code: "thinking_budget", problem: "For {family}, the thinking budget must be below the maximum number of tokens.",
		hint: "Raise the maximum, or lower the budget: thoughts count towards the tokens of the answer.",
	}
	faultTier = template{
		code: "service_tier", problem: "Bedrock does not have this service tier.", hint: "Use one of {list}, or leave it out.",
		evidence: "AWS API reference, ServiceTier, read 2026-11-23",
	}
	FaultChoices = Fault{
		code: "choices", problem: "Converse returns one answer.", hint: "Leave n out, and send the request once for each answer.",
		evidence: "AWS API reference, Converse, read 2026-11-23",
	}
	FaultNotOffered = Fault{
		code: "not_offered", problem: "Converse does not offer this, and an answer without it could be misunderstood.", hint: "Leave it out.",
		evidence: "AWS API reference, Converse, read 2026-11-23",
	}
	FaultAudioID = Fault{
		code: "audio_id", problem: "Audio is not stored, so an audio id cannot be used.", hint: "Send the text of the answer as content.",
		evidence: "ours: the gateway stores nothing",
	}
	FaultSource = Fault{
		code: "source_type", problem: "This type of source is unknown, or cannot be used here.", hint: "Use base64, or a url that begins with s3://.",
		evidence: "ours: the gateway fetches and stores nothing",
	}
	FaultClientTool = Fault{
		code: "client_tool", problem: "Converse does not have this type of tool.",
		hint:     "Declare a tool of your own with name, description and input_schema.",
		evidence: "AWS API reference, Tool, read 2026-11-26: it has a name and a schema",
	}
	FaultServerTool = Fault{
		code: "server_tool", problem: "Bedrock does not run this tool, and without it the answer would be made up.", hint: "Leave it out, or run such a tool in the client.",
		evidence: "AWS API reference, Converse, read 2026-11-26; a dropped search tool gave invented results: the source of agentgateway",
	}
	FaultToolChoiceType = Fault{
		code: "tool_choice_type", problem: "This type of tool choice is unknown.", hint: "Use auto, any, tool or none.",
		evidence: "ours: the choice has no meaning",
	}
	faultEffortWord = template{
		code: "reasoning_effort", problem: "This effort is unknown.", hint: "Use one of {list}.",
		evidence: "ours: the words of the APIs with an effort",
	}
	FaultFieldTwice = Fault{
		code: "top_k_twice", problem: "The additional model request fields conflict with this parameter.", hint: "Set it in one place only.",
		evidence: "ours: two values for one parameter",
	}
	faultManyStops = Fault{
		code: "too_many_stop_sequences", problem: "There are more than 2500 stop sequences.", hint: "Send at most 2500.",
		evidence: "AWS API reference, InferenceConfiguration, read 2026-11-23",
	}
	faultBlankStop = template{
		code: "blank_stop_sequence", problem: "For {family}, a stop sequence cannot be blank.", hint: "Leave it out, or use some text.",
	}
	faultResponsePath = Fault{
		code: "response_path", problem: "Bedrock does not accept this as a JSON pointer.",
		hint:     "Start with a slash, as in /stop_sequence, and use at most 256 characters.",
		evidence: "AWS API reference, Converse, read 2026-11-23, additionalModelResponseFieldPaths",
	}
	faultManyPaths = Fault{
		code: "too_many_response_paths", problem: "There are more than 10 paths.", hint: "Send at most 10.",
		evidence: "AWS API reference, Converse, read 2026-11-23, additionalModelResponseFieldPaths",
	}
	faultMetadata = template{
		code: "request_metadata", problem: "Bedrock does not accept the key or the value of entry {count}.",
		hint:     "Use at most 256 letters, digits, white space and : _ @ $ # = / + , - .",
		evidence: "AWS API reference, Converse, read 2026-11-23, requestMetadata",
	}
	faultManyMetadata = Fault{
		code: "too_many_request_metadata", problem: "There are more than 16 entries.", hint: "Send at most 16.",
		evidence: "AWS API reference, Converse, read 2026-11-23, requestMetadata",
	}
	faultPrompt = Fault{
		code: "beside_prompt", problem: "This cannot be combined with a Bedrock prompt, which has its own.",
		hint:     "Leave out system, tools, inference parameters and additional model fields, or name a model.",
		evidence: "AWS API reference, Converse, read 2026-11-23, modelId",
	}
	faultGuardContents = Fault{
		code: "guard_content", problem: "The guardrail of this caller checks all content. A guardContent block would hide the rest from it.",
		hint:     "Send the content without guardContent.",
		evidence: "ours: the operator enforces the guardrail",
	}
	FaultResponseFormat = Fault{
		code: "response_format", problem: "Bedrock does not support this response format.", hint: "Use json_schema with a schema.",
		evidence: "AWS API reference, OutputFormat, read 2026-11-23: json_schema is the only type",
	}
	faultFormatTwice = Fault{
		code: "response_format_twice", problem: "The output config already contains a format.", hint: "Send only one of them.",
		evidence: "ours: two values for one parameter",
	}
)
