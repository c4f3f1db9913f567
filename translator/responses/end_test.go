package responses

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse/answertest"
)

var lastEvents = regexp.MustCompile(`(?m)^event: response\.(completed|incomplete|failed)$`)

// TestStreamsHaveOneEnd: whatever order events come in, and whenever a stream fails, it
// begins once and has one end, and nothing follows it.
func TestStreamsHaveOneEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	m := answertest.Maker{Rand: r}
	for range 2000 {
		events := m.Cut(m.Reply())
		if r.IntN(2) == 0 {
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
		s := testCall().NewStream(facts)
		var out []byte
		var err error
		for _, ev := range events[:1+r.IntN(len(events))] {
			if out, err = s.AppendEvent(out, ev); err != nil {
				break
			}
		}
		complete := lastEvents.Match(out)
		failed := !complete && (err != nil || r.IntN(3) == 0)
		if failed {
			out = s.AppendError(out, translator.ErrTruncated(err))
		}
		out = s.AppendEnd(s.AppendError(s.AppendEnd(out), translator.ErrTruncated(nil)))
		out, _ = s.AppendEvent(out, events[0])
		ends := lastEvents.FindAllString(string(out), -1)
		last := string(out[strings.LastIndex(string(out), "event: "):])
		if len(ends) != 1 || !strings.HasPrefix(last, ends[0]) || failed != strings.HasSuffix(ends[0], "failed") {
			t.Fatalf("failed %t, ends %q:\n%s", failed, ends, out)
		}
		if !strings.HasPrefix(string(out), "event: response.created\n") || strings.Count(string(out), "event: response.created\n") != 1 {
			t.Fatalf("the stream does not begin once:\n%s", out)
		}
	}
}
