package validate

import "fmt"

// rule checks a request and returns the error message, "" if there is none.
type rule struct {
	name     string
	check    func(*request) string
	evidence string // where the service was seen to reject
}

// Kinds of evidence: an answer recorded by a public project, a page of AWS's
// documentation, or a public report with the service's words.
const (
	recorded = "recording: "
	page     = "page: "
	report   = "report: "
)

// rules returns all rules, in the order in which they are checked.
func rules() []rule {
	return []rule{
		{"model identifier", modelIdentifier, recorded + "pydantic-ai, a made-up id; us.amazon.nova-micro-v1:O"},
		{"chat model", chatModel, report + "embedding models in Converse, langchain-aws and litellm"},
		{"on-demand", onDemand, report + "anything-llm#3441, opencode#2589, kai#411, LibreChat#4570"},
		{"prompt members", promptMembers, page + "API_runtime_Converse, modelId"},
		{"response field paths", responseFieldPaths, page + "API_runtime_Converse, additionalModelResponseFieldPaths"},

		{"first turn", firstTurn, report + "sdk-typescript#727, langchain-aws; pydantic-ai names the families without it"},
		{"system turns", systemTurns, page + "API_runtime_ToolAdditionBlock"},
		{"alternating turns", alternatingTurns, report + "langchain-aws#130, langchainjs#6724, Portkey#748; recordings of Titan Express and Nova Lite accept it"},
		{"empty turn", emptyTurn, report + "pi#3443"},
		{"blank text", blankText, report + "OpenHands#5339, botocore#3525"},
		{"space only", spaceOnly, report + "hermes-agent#39829, #63983, #64858; a recording of Sonnet 4.5 accepts it beside a document"},
		{"misplaced blocks", misplacedBlocks, page + "API_runtime_Message: images and documents in user turns; ToolUseBlock, ReasoningContentBlock: from the model"},

		{"tool config", toolConfigNeeded, report + "pentagi#196, vercel/ai#7528"},
		{"tool names", toolNames, report + "forgecode#892, Anthropic's API"},
		{"tool choice", toolChoice, page + "API_runtime_SpecificToolChoice: the tool that the model must request"},
		{"tool schema", toolSchema, report + "aws-api#272, pi#8279"},
		{"tool documents", toolDocuments, report + "aichat#1550, aws-sdk-net#3377"},
		{"missing results", missingResults, report + "agno#6698, genkit#664"},
		{"surplus results", surplusResults, report + "OpenHands#4912, strands#1435"},
		{"result content", resultContent, report + "pydantic-ai, Nemotron"},
		{"strict tools", strictTools, report + "pydantic-ai, verified on Sonnet 4.5"},

		{"media count", mediaCount, page + "API_runtime_Message"},
		{"media size", mediaSize, page + "API_runtime_Message"},
		{"document text", documentText, report + "archestra#4220; page: API_runtime_Message"},
		{"document names", documentNames, page + "API_runtime_DocumentBlock; report: bifrost#7003, ag-ui#2425 (unique); recordings accept the underscore: Sonnet 5, Sonnet 4.5, Nova Lite"},
		{"media support", claudeMedia, recorded + "Claude, seven videos and an image in S3"},
		{"result media", resultMedia, recorded + "Nova 2, PDF and video; report: oh-my-pi#11685 (GPT-5.6)"},

		{"tool support", toolSupport, report + "langchain-aws#447, #140, pi#3739"},
		{"tool choice support", toolChoiceSupport, report + "llama_index#19886 (Llama); page API_runtime_ToolChoice (Mistral Large)"},
		{"system support", systemSupport, page + "conversation-inference-supported-models-features"},
		{"status support", statusSupport, report + "pydantic-ai, Palmyra X4 and X5"},
		{"token cap", tokenCap, report + "public code quotes the caps"},
		{"last turn", lastTurn, report + "Claude Opus 4.6 and later; pydantic-ai, langchain-aws"},
		{"beside results", besideResults, report + "browser-use#710, pydantic-ai#6081; recording: Claude, a document in S3"},
		{"sampling", sampling, report + "Claude 4.1 to 4.6: one of two; 4.7 and later: only the default"},
		{"blank stop sequence", blankStopSequence, report + "Claude, litellm"},
		{"thinking", thinking, page + "claude-messages-extended-thinking"},
		{"reasoning", reasoning, page + "claude-messages-extended-thinking; report: langchain-aws"},
		{"cache support", cacheSupport, report + "twenty#26217; pydantic-ai (Kimi, Gemma, Nemotron)"},
		{"cache points", cachePointLimits, page + "prompt-caching"},
		{"too long", tooLong, recorded + "Nova 2"},
		{imageTypeRule, imageType, recorded + "ConverseStream, text as a PNG"},
	}
}

// imageTypeRule fails after the status of a stream.
const imageTypeRule = "image type"

// checkRules returns the error of the first rule that fails.
func (r *request) checkRules() *Error {
	for _, rule := range rules() {
		if message := rule.check(r); message != "" {
			return r.ruleError(rule.name, message)
		}
	}
	return nil
}

// ruleError is the error for a rule's message.
func (r *request) ruleError(rule, message string) *Error {
	e := invalid(rule, message)
	if message == cachingNotAllowed {
		e.Code, e.Status = "AccessDeniedException", 403
	}
	e.InStream = r.streaming && rule == imageTypeRule
	return e
}

// returned formats an error of the model itself.
func returned(format string, args ...any) string {
	return "The model returned the following errors: " + fmt.Sprintf(format, args...)
}
