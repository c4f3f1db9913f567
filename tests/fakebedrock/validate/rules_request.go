package validate

import (
	"fmt"
	"strings"
)

// modelIdentifier: a name must be a model's, alone, with a geography, or in an ARN.
// The ids of other resources say nothing about their model.
func modelIdentifier(r *request) string {
	switch m := r.model; {
	case m.resource != "" && m.resource != "foundation-model" && m.resource != "inference-profile", opaqueID.MatchString(m.id):
		return ""
	case m.bare == "" || !modelNames.known(m.bare) || m.profile && (m.matches(noProfiles) || m.resource == "foundation-model"):
		return noModel
	}
	return ""
}

// chatModel: Converse needs a model that writes text.
func chatModel(r *request) string {
	if r.model.matches(notChat) {
		return "This action doesn't support the model that you provided. Try again with a supported text or chat model."
	}
	return ""
}

// onDemand: newer models need an inference profile, except to count tokens.
func onDemand(r *request) string {
	if r.counting || r.model.profile || r.model.resource != "" && r.model.resource != "foundation-model" || !r.model.matches(profileOnly) || contextSize.MatchString(r.model.bare) {
		return ""
	}
	return fmt.Sprintf("Invocation of model ID %s with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.", r.model.bare)
}

func (r *request) prompt() bool { return r.model.resource == "prompt" }

// promptMembers: a stored prompt defines these members itself.
func promptMembers(r *request) string {
	if !r.prompt() {
		return ""
	}
	config := r.InferenceConfig
	for _, m := range []struct {
		name string
		set  bool
	}{
		{"additionalModelRequestFields", r.AdditionalModelRequestFields != nil},
		{"inferenceConfig", config.MaxTokens != nil || config.Temperature != nil || config.TopP != nil || config.StopSequences != nil},
		{"system", r.System != nil},
		{"toolConfig", r.ToolConfig != nil},
	} {
		if m.set {
			return fmt.Sprintf("The %s member must not be set when the model ID is a prompt. Remove it and try again.", m.name)
		}
	}
	return ""
}

// responseFieldPaths must be JSON Pointers (RFC 6901).
func responseFieldPaths(r *request) string {
	for i, p := range r.AdditionalModelResponseFieldPaths {
		escapes := strings.NewReplacer("~0", "", "~1", "").Replace(p)
		if !strings.HasPrefix(p, "/") || strings.Contains(escapes, "~") {
			return fmt.Sprintf("The path at additionalModelResponseFieldPaths.%d is not a JSON Pointer (RFC 6901). Fix it and try again.", i)
		}
	}
	return ""
}
