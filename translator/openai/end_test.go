package openai

import (
	"math/rand/v2"
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse/answertest"
)

// TestStreamsHaveOneEnd: whatever order events come in, and whenever a stream fails, it
// has one end, [DONE] or an error, and nothing follows it.
func TestStreamsHaveOneEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	m := answertest.Maker{Rand: r}
	for range 2000 {
		events := m.Cut(m.Reply())
		if r.IntN(2) == 0 {
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
		s := (&call{model: "m"}).NewStream(facts)
		var out []byte
		var err error
		for _, ev := range events[:1+r.IntN(len(events))] {
			if out, err = s.AppendEvent(out, ev); err != nil {
				break
			}
		}
		failed := err != nil || r.IntN(3) == 0
		if failed {
			out = s.AppendError(out, translator.ErrTruncated(err))
		}
		out = s.AppendEnd(s.AppendError(s.AppendEnd(out), translator.ErrTruncated(nil)))
		out, _ = s.AppendEvent(out, events[0])
		done, errs := strings.Count(string(out), "data: [DONE]\n\n"), strings.Count(string(out), `data: {"error":`)
		last := string(out[strings.LastIndex(string(out), "data: "):])
		if done+errs != 1 || failed != (errs == 1) || failed == strings.HasPrefix(last, "data: [DONE]") {
			t.Fatalf("%d [DONE], %d errors, failed %t:\n%s", done, errs, failed, out)
		}
	}
}
