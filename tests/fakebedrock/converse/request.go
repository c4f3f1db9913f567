package converse

import (
	"encoding/json"
	"slices"
	"strings"
)

// Request is the body of a Converse or ConverseStream call.
type Request struct {
	Messages                          []Message         `json:"messages"`
	System                            []Block           `json:"system"`
	InferenceConfig                   InferenceConfig   `json:"inferenceConfig"`
	ToolConfig                        *ToolConfig       `json:"toolConfig"`
	GuardrailConfig                   *GuardrailConfig  `json:"guardrailConfig"`
	OutputConfig                      *OutputConfig     `json:"outputConfig"`
	AdditionalModelRequestFields      json.RawMessage   `json:"additionalModelRequestFields"`
	AdditionalModelResponseFieldPaths []string          `json:"additionalModelResponseFieldPaths"`
	PromptVariables                   json.RawMessage   `json:"promptVariables"`
	RequestMetadata                   map[string]string `json:"requestMetadata"`
	PerformanceConfig                 json.RawMessage   `json:"performanceConfig"`
	ServiceTier                       json.RawMessage   `json:"serviceTier"`
}

// Message is a turn.
type Message struct {
	Role    string  `json:"role"`
	Content []Block `json:"content"`
}

// Block is a content block of a message, a tool result or the system prompt. One field
// is set.
type Block struct {
	Text             *string         `json:"text"`
	JSON             json.RawMessage `json:"json"`
	Image            *Media          `json:"image"`
	Document         *Document       `json:"document"`
	Video            *Media          `json:"video"`
	Audio            *Media          `json:"audio"`
	ToolUse          *ToolUse        `json:"toolUse"`
	ToolResult       *ToolResult     `json:"toolResult"`
	GuardContent     *GuardContent   `json:"guardContent"`
	CachePoint       *CachePoint     `json:"cachePoint"`
	ReasoningContent *Reasoning      `json:"reasoningContent"`
	CitationsContent json.RawMessage `json:"citationsContent"`
	SearchResult     json.RawMessage `json:"searchResult"`
	ToolAddition     json.RawMessage `json:"toolAddition"`
	ToolRemoval      json.RawMessage `json:"toolRemoval"`
}

// Media is an image, video or audio.
type Media struct {
	Format string `json:"format"`
	Source Source `json:"source"`
}

// Document is a document block.
type Document struct {
	Name      string     `json:"name"`
	Format    string     `json:"format"`
	Source    Source     `json:"source"`
	Citations *Citations `json:"citations"`
}

// Citations enables citations of a document.
type Citations struct {
	Enabled bool `json:"enabled"`
}

// Source is the content of a media or document block.
type Source struct {
	Bytes      *string         `json:"bytes"` // base64
	S3Location json.RawMessage `json:"s3Location"`
	Text       *string         `json:"text"`
	Content    []Block         `json:"content"`
}

// InS3 reports whether the content is in S3.
func (s Source) InS3() bool { return s.S3Location != nil && string(s.S3Location) != "null" }

// Size returns the number of bytes in Bytes, decoded.
func (s Source) Size() int {
	if s.Bytes == nil {
		return 0
	}
	return len(strings.TrimRight(*s.Bytes, "=")) * 3 / 4
}

// ToolUse is a tool call by the model.
type ToolUse struct {
	ToolUseID string          `json:"toolUseId"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
}

// ToolResult is the result of a ToolUse.
type ToolResult struct {
	ToolUseID string  `json:"toolUseId"`
	Content   []Block `json:"content"`
	Status    string  `json:"status"`
}

// GuardContent is content for a guardrail.
type GuardContent struct {
	Text  *GuardText `json:"text"`
	Image *Media     `json:"image"`
}

// GuardText is the text of a GuardContent.
type GuardText struct {
	Text string `json:"text"`
}

// CachePoint marks the end of a cacheable prefix.
type CachePoint struct {
	Type string `json:"type"`
	TTL  string `json:"ttl"`
}

// Reasoning is a reasoningContent block.
type Reasoning struct {
	ReasoningText   *ReasoningText `json:"reasoningText"`
	RedactedContent *string        `json:"redactedContent"`
}

// ReasoningText is readable reasoning, signed by the model.
type ReasoningText struct {
	Text      *string `json:"text"`
	Signature *string `json:"signature"`
}

// InferenceConfig has sampling and length settings.
type InferenceConfig struct {
	MaxTokens     *int     `json:"maxTokens"`
	Temperature   *float64 `json:"temperature"`
	TopP          *float64 `json:"topP"`
	StopSequences []string `json:"stopSequences"`
}

// ToolConfig lists the available tools.
type ToolConfig struct {
	Tools      []Tool      `json:"tools"`
	ToolChoice *ToolChoice `json:"toolChoice"`
}

// Tool is a list element of ToolConfig. One field is set.
type Tool struct {
	ToolSpec   *ToolSpec   `json:"toolSpec"`
	SystemTool *SystemTool `json:"systemTool"`
	CachePoint *CachePoint `json:"cachePoint"`
}

// ToolSpec defines a tool that the caller runs.
type ToolSpec struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	InputSchema struct {
		JSON json.RawMessage `json:"json"`
	} `json:"inputSchema"`
	Strict bool `json:"strict"`
}

// SystemTool names a tool that the service runs.
type SystemTool struct {
	Name string `json:"name"`
}

// ToolChoice controls tool calls. One field is set.
type ToolChoice struct {
	Auto *struct{} `json:"auto"`
	Any  *struct{} `json:"any"`
	Tool *struct {
		Name string `json:"name"`
	} `json:"tool"`
}

// GuardrailConfig selects a guardrail.
type GuardrailConfig struct {
	GuardrailIdentifier  string `json:"guardrailIdentifier"`
	GuardrailVersion     string `json:"guardrailVersion"`
	Trace                string `json:"trace"`
	StreamProcessingMode string `json:"streamProcessingMode"`
}

// OutputConfig requests structured output.
type OutputConfig struct {
	TextFormat *struct {
		Type      string `json:"type"`
		Structure struct {
			JSONSchema *struct {
				Name   string `json:"name"`
				Schema string `json:"schema"`
			} `json:"jsonSchema"`
		} `json:"structure"`
	} `json:"textFormat"`
	Effort string `json:"effort"`
}

// LastUserTurn returns the content of the last message if it is the user's, else nil.
func (r *Request) LastUserTurn() []Block {
	if len(r.Messages) == 0 || r.Messages[len(r.Messages)-1].Role != "user" {
		return nil
	}
	return r.Messages[len(r.Messages)-1].Content
}

// LastUserText returns the text of the last user message with text.
func (r *Request) LastUserText() string {
	for _, m := range slices.Backward(r.Messages) {
		if m.Role != "user" {
			continue
		}
		if text := TextOf(m.Content); text != "" {
			return text
		}
	}
	return ""
}

// TextOf joins the texts of blocks, including guardContent, with line breaks.
func TextOf(blocks []Block) string {
	var parts []string
	for _, b := range blocks {
		switch {
		case b.Text != nil:
			parts = append(parts, *b.Text)
		case b.GuardContent != nil && b.GuardContent.Text != nil:
			parts = append(parts, b.GuardContent.Text.Text)
		}
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}
