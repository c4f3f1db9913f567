package validate

import (
	"fmt"
	"regexp"
	"slices"
)

// Restrictions of model families, as observed in 2025 and 2026.
var (
	noPrefill     = regexp.MustCompile(`^anthropic\.claude-(?:(?:opus|sonnet|haiku)-(?:4-[6-9]|[5-9])|fable)`)
	oneSampling   = regexp.MustCompile(`^anthropic\.claude-(?:opus-4-1|(?:opus|sonnet|haiku)-4-[56])`)
	noSampling    = regexp.MustCompile(`^anthropic\.claude-(?:opus-4-[78]|sonnet-5)`)
	noTools       = regexp.MustCompile(`^(?:amazon\.titan|anthropic\.claude-(?:v2|instant)|mistral\.mistral-7b|mistral\.mixtral|meta\.llama(?:2|3-8b|3-70b)|cohere\.command-(?:text|light)|deepseek\.r1)`)
	noSystem      = regexp.MustCompile(`^(?:amazon\.titan|mistral\.mistral-7b|mistral\.mixtral|cohere\.command-(?:text|light))`)
	aloneResults  = regexp.MustCompile(`^(?:meta\.llama|mistral\.|writer\.)`)
	forcedThought = regexp.MustCompile(`^anthropic\.claude-(?:opus-4-8|sonnet-5|fable)`)
	cachingDenied = regexp.MustCompile(`^(?:moonshot|google\.gemma)`)
)

// tokenCaps are the upper limits of maxTokens.
var tokenCaps = []struct {
	prefix string
	tokens int
}{
	{"amazon.nova-pro", 10000},
	{"amazon.nova-lite", 10000},
	{"amazon.nova-micro", 10000},
	{"anthropic.claude-haiku-4-5", 64000},
	{"openai.gpt-oss", 128000},
}

func tokenCap(r *request) string {
	limit := r.InferenceConfig.MaxTokens
	for _, c := range tokenCaps {
		if limit != nil && *limit > c.tokens && r.model.is(c.prefix) {
			return fmt.Sprintf("The maximum tokens you requested exceeds the model limit of %d. Try again with a maximum tokens value that is lower than %d.", c.tokens, c.tokens)
		}
	}
	return ""
}

func toolSupport(r *request) string {
	switch {
	case r.ToolConfig == nil:
		return ""
	case r.model.matches(noTools):
		return "This model doesn't support tool use."
	case r.streaming && r.model.is("meta.llama4"):
		return "This model doesn't support tool use in streaming mode."
	}
	return ""
}

// noChoices are the kinds of toolChoice that a family does not support.
var noChoices = []struct {
	prefix string
	kinds  []string
}{
	{"meta.llama", []string{"any", "tool"}},
	{"mistral.mistral-large-24", []string{"tool"}},
}

func (r *request) choice() string {
	switch {
	case r.ToolConfig == nil || r.ToolConfig.ToolChoice == nil:
		return ""
	case r.ToolConfig.ToolChoice.Any != nil:
		return "any"
	case r.ToolConfig.ToolChoice.Tool != nil:
		return "tool"
	}
	return "auto"
}

func toolChoiceSupport(r *request) string {
	kind := r.choice()
	for _, c := range noChoices {
		if r.model.is(c.prefix) && slices.Contains(c.kinds, kind) {
			return fmt.Sprintf("This model doesn't support the toolConfig.toolChoice.%s field. Remove toolConfig.toolChoice.%s and try again.", kind, kind)
		}
	}
	return ""
}

func systemSupport(r *request) string {
	if len(r.System) == 0 || !r.model.matches(noSystem) {
		return ""
	}
	return "This model doesn't support system messages. Try again without a system message or use a model that supports system messages."
}

// statusSupport: Palmyra does not support status.
func statusSupport(r *request) string {
	if !r.model.is("writer.") {
		return ""
	}
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if b.ToolResult != nil && b.ToolResult.Status != "" {
				return fmt.Sprintf("This model doesn't support the status field at messages.%d.content.%d.toolResult.status. Remove it and try again.", i, j)
			}
		}
	}
	return ""
}

// besideResults: Llama, Mistral and Palmyra reject any other block in a turn with tool
// results. Claude rejects only a document in S3.
func besideResults(r *request) string {
	for i, m := range r.Messages {
		_, results := toolIDs(m)
		if len(results) == 0 || m.Role != "user" {
			continue
		}
		for j, b := range m.Content {
			switch {
			case b.ToolResult == nil && b.CachePoint == nil && r.model.matches(aloneResults):
				return fmt.Sprintf("messages.%d.content: Conversation blocks and tool result blocks cannot be provided in the same turn.", i)
			case r.model.claude() && b.Document != nil && b.Document.Source.InS3():
				return returned("messages.%d.content.%d.document.source.type: Field required", i, j)
			}
		}
	}
	return ""
}

func sampling(r *request) string {
	config := r.InferenceConfig
	switch {
	case r.model.matches(noSampling) && (changed(config.Temperature) || changed(config.TopP)):
		return returned("`temperature` and `top_p` are not supported for this model. Please remove them.")
	case r.model.matches(oneSampling) && config.Temperature != nil && config.TopP != nil:
		return returned("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
	}
	return ""
}

// changed reports a sampling value other than the default, which is 1.
func changed(value *float64) bool { return value != nil && *value != 1 }

func blankStopSequence(r *request) string {
	for _, s := range r.InferenceConfig.StopSequences {
		if r.model.claude() && blank(s) {
			return returned("stop_sequences: each stop sequence must contain non-whitespace")
		}
	}
	return ""
}
