package fakebedrock

import (
	"encoding/json"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// countTokens answers a CountTokens call: the input tokens that Converse would report
// without a prompt cache.
func (r *responder) countTokens() {
	if !r.awaitGate() {
		return
	}
	count := r.req.Converse.CountInput()
	var invoke struct {
		Input struct{ InvokeModel *struct{ Body []byte } }
	}
	if json.Unmarshal(r.req.Body, &invoke) == nil && invoke.Input.InvokeModel != nil {
		count = converse.CountTokens(string(invoke.Input.InvokeModel.Body))
	}
	body, err := marshal(map[string]int{"inputTokens": count})
	if err != nil {
		return // integers can be encoded
	}
	r.sendWhole(body)
}
