package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

const limitsFile = `
bedrock_extproc:
  identity:
    user: {metadata: [jwt, sub]}
    team: {attribute: team, default: none}
  caller_limit: {value: user, max_calls: 3}
  access:
    - match: {team: search}
      backend: large
    - match: {}
providers:
  llm:
    default: small
    backends:
      small: {backend: a.BedrockConverseProvider}
      large: {backend: a.BedrockConverseProvider, config: {max_calls: 7}}
`

// A call has the limits of the backend that answers and of its caller.
func TestLimitsOfACall(t *testing.T) {
	g := parse(t, limitsFile)
	for name, c := range map[string]struct {
		asked string
		said  said
		want  []extproc.CallLimit
	}{
		"a backend without a limit": {"", said{"jwt.sub": {"ann"}}, []extproc.CallLimit{
			{Limit: extproc.LimitBackend, Name: "small"}, {Limit: extproc.LimitCaller, Name: "user=ann", Max: 3},
		}},
		"the backend that the client asks for": {"large", said{"jwt.sub": {"ann"}}, []extproc.CallLimit{
			{Limit: extproc.LimitBackend, Name: "large", Max: 7}, {Limit: extproc.LimitCaller, Name: "user=ann", Max: 3},
		}},
		"the backend of the rule": {"small", said{"jwt.sub": {"bob"}, "team": {"search"}}, []extproc.CallLimit{
			{Limit: extproc.LimitBackend, Name: "large", Max: 7}, {Limit: extproc.LimitCaller, Name: "user=bob", Max: 3},
		}},
		"a caller without the value": {"", nil, []extproc.CallLimit{
			{Limit: extproc.LimitBackend, Name: "small"}, {Limit: extproc.LimitCaller, Name: "user=", Max: 3},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := g.Target(c.asked, translator.Caller{}, c.said)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, target.Limits); diff != "" {
				t.Error(diff)
			}
		})
	}
}
