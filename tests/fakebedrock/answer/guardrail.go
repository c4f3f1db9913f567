package answer

import (
	"encoding/json"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// guarded returns the reply of an intervening guardrail, or nil. A guardrail intervenes
// if the request has one and the user says "forbidden", or if Show lists it.
func guarded(r *converse.Request, o Options) *converse.Reply {
	config := r.GuardrailConfig
	forbidden := config != nil && strings.Contains(strings.ToLower(question(r)), "forbidden")
	if !forbidden && !slices.Contains(o.Show, "guardrail") {
		return nil
	}
	reply := &converse.Reply{Content: say("Sorry, the guardrail does not let me answer this."), StopReason: "guardrail_intervened"}
	if config == nil || config.Trace != "disabled" && config.Trace != "" {
		reply.Trace = guardrailTrace(config)
	}
	return reply
}

func guardrailTrace(config *converse.GuardrailConfig) json.RawMessage {
	id, version := "fakeguardrail", "1"
	if config != nil && config.GuardrailIdentifier != "" {
		id, version = config.GuardrailIdentifier, config.GuardrailVersion
	}
	return encode(map[string]any{"guardrail": map[string]any{
		"actionReason": "Guardrail blocked.",
		"inputAssessment": map[string]any{id: map[string]any{
			"appliedGuardrailDetails": map[string]any{"guardrailId": id, "guardrailOrigin": []string{"REQUEST"}, "guardrailVersion": version},
			"wordPolicy": map[string]any{
				"customWords":      []any{map[string]any{"action": "BLOCKED", "detected": true, "match": "forbidden"}},
				"managedWordLists": []any{},
			},
		}},
	}})
}
