package telemetry_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/telemetry"
)

// state is what a server holds.
type state struct{}

func (state) InFlight() int    { return 7 }
func (state) OpenStreams() int { return 6 }
func (state) Limits() []extproc.LimitUse {
	return []extproc.LimitUse{
		{Limit: extproc.LimitBackend, Backend: "eu", Current: 3, Max: 4, Refused: 5},
		{Limit: extproc.LimitCalls, Current: 7},
	}
}

func TestState(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	if err := telemetry.RegisterState(registry, state{}); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP bedrock_extproc_calls_in_flight Model calls in flight, from their headers to the end of their answers.
# TYPE bedrock_extproc_calls_in_flight gauge
bedrock_extproc_calls_in_flight 7
# HELP bedrock_extproc_limit_current What calls hold of a limit at the moment: calls in flight, or bytes.
# TYPE bedrock_extproc_limit_current gauge
bedrock_extproc_limit_current{backend="",limit="calls"} 7
bedrock_extproc_limit_current{backend="eu",limit="backend"} 3
# HELP bedrock_extproc_limit_max The limit itself. Absent if there is none.
# TYPE bedrock_extproc_limit_max gauge
bedrock_extproc_limit_max{backend="eu",limit="backend"} 4
# HELP bedrock_extproc_limit_refused_total Calls that got 503 because of a limit.
# TYPE bedrock_extproc_limit_refused_total counter
bedrock_extproc_limit_refused_total{backend="",limit="calls"} 0
bedrock_extproc_limit_refused_total{backend="eu",limit="backend"} 5
# HELP bedrock_extproc_open_streams Streams whose response headers were sent and that are not over.
# TYPE bedrock_extproc_open_streams gauge
bedrock_extproc_open_streams 6
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
