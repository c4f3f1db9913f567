package validate

import "encoding/json"

// thinkingConfig is Claude's thinking member in additionalModelRequestFields.
type thinkingConfig struct {
	Type         string `json:"type"`
	BudgetTokens *int   `json:"budget_tokens"`
}

// thinking: settings that are incompatible with thinking.
func thinking(r *request) string {
	var fields struct {
		Thinking *thinkingConfig `json:"thinking"`
	}
	if !r.model.claude() || json.Unmarshal(r.AdditionalModelRequestFields, &fields) != nil || fields.Thinking == nil {
		return ""
	}
	config, budget := r.InferenceConfig, fields.Thinking.BudgetTokens
	switch choice := r.choice(); {
	case fields.Thinking.Type == "disabled":
		return ""
	case (choice == "any" || choice == "tool") && !r.model.matches(forcedThought):
		return returned("Thinking may not be enabled when tool_choice forces tool use.")
	case config.Temperature != nil && *config.Temperature != 1:
		return returned("`temperature` may only be set to 1 when thinking is enabled.")
	case budget != nil && config.MaxTokens != nil && *budget >= *config.MaxTokens:
		return returned("`max_tokens` must be greater than `thinking.budget_tokens`.")
	}
	return ""
}

// reasoning: Claude requires the signature of its own reasoning.
func reasoning(r *request) string {
	if !r.model.claude() {
		return ""
	}
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if b.ReasoningContent == nil || b.ReasoningContent.ReasoningText == nil {
				continue
			}
			switch signature := b.ReasoningContent.ReasoningText.Signature; {
			case signature == nil:
				return returned("messages.%d.content.%d.thinking.signature: Field required", i, j)
			case *signature == "":
				return returned("messages.%d.content.%d: Invalid `signature` in `thinking` block", i, j)
			}
		}
	}
	return ""
}
