package chat

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse/answertest"
)

// TestStreamsHaveOneEnd: whatever events come, in whatever order, also events that
// cannot be read and failures at any time, a stream has one end and nothing follows it:
// message_stop and metadata, or an error.
func TestStreamsHaveOneEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	m := answertest.Maker{Rand: r}
	ends := map[string]int{}
	for range 3000 {
		events := anyOrder(r, m.Cut(m.Reply()))
		s := (&call{model: "m", toolUseDeltas: true}).NewStream(facts)
		out, failed := playTo(s, events, r)
		switch { // extproc may call both, if the call ends in the same moment
		case failed != nil || r.IntN(4) == 0:
			out = s.AppendError(out, translator.AsError(errors.Join(failed, translator.ErrTruncated(nil))))
		default:
			out = s.AppendEnd(out)
		}
		out = s.AppendEnd(s.AppendError(out, translator.ErrTruncated(nil)))
		out, _ = s.AppendEvent(out, events[0])
		if !utf8.Valid(out) {
			t.Fatalf("not UTF-8: %q", out)
		}
		ends[checkOneEnd(t, string(out))]++
		if t.Failed() {
			t.Fatalf("%s\n%s", dialecttest.Printed(events), out)
		}
	}
	if ends["metadata"] < 300 || ends["error"] < 300 {
		t.Errorf("ends %v", ends)
	}
}

// anyOrder repeats, leaves out, moves and breaks some events.
func anyOrder(r *rand.Rand, events []translator.Event) []translator.Event {
	if r.IntN(3) == 0 {
		events = append(events, events...)
	}
	if r.IntN(2) == 0 {
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	events = events[:1+r.IntN(len(events))]
	switch r.IntN(6) {
	case 0:
		events[r.IntN(len(events))].Payload = []byte(`{"usage":1}`)
	case 1:
		events[r.IntN(len(events))].Payload = []byte("{")
	case 2:
		events[r.IntN(len(events))].Payload = []byte("{\"delta\":{\"text\":\"\xff\"},\"stopReason\":\"\xc3\",\"m\xff\":1}")
	}
	return events
}

// playTo writes events until one fails, or an event of another source ends the stream.
func playTo(s translator.Stream, events []translator.Event, r *rand.Rand) (out []byte, err error) {
	for _, ev := range events {
		if out, err = s.AppendEvent(out, ev); err != nil {
			return out, err
		}
		if r.IntN(100) == 0 {
			return s.AppendError(out, translator.ErrTruncated(nil)), nil
		}
	}
	return out, nil
}

// checkOneEnd returns the type of the last event.
func checkOneEnd(t *testing.T, sse string) string {
	t.Helper()
	var types []string
	for line := range strings.SplitSeq(sse, "\n") {
		if rest, ok := strings.CutPrefix(line, `data: {"type":"`); ok {
			kind, _, _ := strings.Cut(rest, `"`)
			types = append(types, kind)
		}
	}
	counts := map[string]int{}
	for _, kind := range types {
		counts[kind]++
	}
	last := types[len(types)-1]
	switch {
	case counts["metadata"]+counts["error"] != 1:
		t.Errorf("%d metadata, %d error", counts["metadata"], counts["error"])
	case counts["message_stop"] != counts["metadata"]:
		t.Errorf("%d message_stop, %d metadata", counts["message_stop"], counts["metadata"])
	case last != "metadata" && last != "error":
		t.Errorf("the last event is %s", last)
	case last == "metadata" && types[len(types)-2] != "message_stop":
		t.Errorf("%s comes before metadata", types[len(types)-2])
	}
	return last
}
