package openai

import (
	"testing"

	"bedrock-extproc/tests/dialecttest"
)

// notJudged are the cases that the validator rejects although the dialect accepts them,
// and why.
var notJudged = map[string]string{
	"passthrough": "nothing is checked there",
}

// TestAcceptedRequestsAreValid checks every request that the dialect accepts against
// the service's rules, as the fake Bedrock knows them.
func TestAcceptedRequestsAreValid(t *testing.T) {
	var requests []dialecttest.Accepted
	for _, g := range goldens(t) {
		if call, err := g.decode(t); err == nil {
			requests = append(requests, dialecttest.Accepted{Case: g.Name(), Call: call, DefaultModel: g.settings.DefaultModel, Models: g.settings.Models})
		}
	}
	dialecttest.Valid(t, requests, notJudged, leftToBedrock)
}
