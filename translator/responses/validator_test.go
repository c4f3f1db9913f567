package responses

import (
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock/validate"
)

// notJudged are the cases that the validator rejects although the dialect accepts them,
// and why.
var notJudged = map[string]string{
	"passthrough": "nothing is checked there",
}

// TestAcceptedRequestsAreValid checks every request that the dialect accepts against
// the service's rules, as the fake Bedrock knows them.
func TestAcceptedRequestsAreValid(t *testing.T) {
	taken := 0
	for _, g := range goldens(t) {
		name := g.Name()
		call, err := g.decode(t)
		if err != nil {
			continue
		}
		model := call.Model
		if strings.Count(model, ".") == 0 && !strings.HasPrefix(model, "arn:") {
			model = g.settings.DefaultModel
		}
		refused := validate.Request(model, call.Body, validate.Options{Streaming: call.Streaming})
		if id, ok := g.settings.Models[model]; ok {
			model = id
		}
		switch _, expected := notJudged[name]; {
		case expected && refused == nil:
			t.Errorf("%s: taken, although %s", name, notJudged[name])
		case !expected && refused != nil && !leftToBedrock(refused.Rule, model):
			t.Errorf("%s: %v (rule %s)\n%s", name, refused, refused.Rule, call.Body)
		default:
			taken++
		}
	}
	if taken < 50 {
		t.Errorf("only %d requests were held to the rules", taken)
	}
}
