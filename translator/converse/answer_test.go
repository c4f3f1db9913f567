package converse

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse/answertest"
	"bedrock-extproc/translator/rawjson"
)

// read copies the steps of the events and of the end.
func read(t *testing.T, events []translator.Event, change func([]byte) []byte) []Step {
	t.Helper()
	a := NewAnswer(Names{Tools: map[string]string{"renamed": "the client's"}})
	var all []Step
	for _, ev := range events {
		steps, err := a.Read(ev.Kind, change(ev.Payload))
		if err != nil {
			t.Fatalf("%v: %s", err, ev.Payload)
		}
		for _, s := range steps {
			s.Value = s.Value.Clone()
			all = append(all, s)
		}
	}
	return append(all, a.End()...)
}

// TestPlainTextIsAShortcut: an event means the same with the shortcut and, with white
// space after it, without.
func TestPlainTextIsAShortcut(t *testing.T) {
	m := answertest.Maker{Rand: rand.New(rand.NewPCG(21, 22))}
	shortcuts := 0
	for range 500 {
		events := m.Cut(m.Reply())
		for _, ev := range events {
			if _, _, ok := cutPlainText(ev.Payload); ok {
				shortcuts++
			}
		}
		short := read(t, events, func(p []byte) []byte { return p })
		long := read(t, events, func(p []byte) []byte { return append(p, ' ') })
		if diff := cmp.Diff(long, short); diff != "" {
			t.Fatalf("(-long +short):\n%s", diff)
		}
	}
	if shortcuts < 300 {
		t.Errorf("the shortcut took %d events", shortcuts)
	}
}

func FuzzPlainText(f *testing.F) {
	for _, payload := range []string{
		`{"contentBlockIndex":0,"delta":{"text":"x"},"p":"abc"}`, `{"contentBlockIndex":12,"delta":{"text":""}}`,
		`{"contentBlockIndex":0,"delta":{"text":"x"}}}`, `{"contentBlockIndex":0,"delta":{"text":"\n"}}`, `{"contentBlockIndex":0,"delta":{"text":"x"},"p":1}`,
		`{"contentBlockIndex":,"delta":{"text":"x"}}`, `{"contentBlockIndex":00,"delta":{"text":"x"}}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		index, text, ok := cutPlainText(payload)
		if !ok {
			return
		}
		var r rawjson.Reader
		members, err := r.Read(payload)
		if err != nil {
			t.Fatalf("the shortcut takes what is not JSON: %q: %v", payload, err)
		}
		n, err := blockIndex(members.Get("contentBlockIndex"))
		delta := rawjson.Members(members.Get("delta"))
		if err != nil || n != index || string(delta.Get("text")) != string(text) || len(delta) != 1 {
			t.Errorf("%q: index %d, text %s, %v", payload, index, text, err)
		}
	})
}

// TestOneEnd: for any events in any order, an answer starts once and ends once, after
// everything else.
func TestOneEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	m := answertest.Maker{Rand: r}
	for range 500 {
		events := m.Cut(m.Reply())
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		kinds := map[StepKind]int{}
		steps := read(t, append(events, events...), func(p []byte) []byte { return p })
		for _, s := range steps {
			kinds[s.Kind]++
		}
		n := len(steps)
		if kinds[StepStart] != 1 || kinds[StepStop] != 1 || kinds[StepEnd] != 1 || steps[0].Kind != StepStart || steps[n-2].Kind != StepStop || steps[n-1].Kind != StepEnd {
			t.Fatalf("%v, the last of %d is of kind %d", kinds, n, steps[n-1].Kind)
		}
	}
}

// TestIndexesHaveNoGaps: blocks are numbered in order, regardless of Bedrock's
// numbers.
func TestIndexesHaveNoGaps(t *testing.T) {
	a := NewAnswer(Names{})
	var got []int
	for _, payload := range []string{
		`{"contentBlockIndex":0,"start":{}}`, `{"contentBlockIndex":7,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}`, `{"contentBlockIndex":3,"start":{"image":{"format":"png"}}}`,
	} {
		steps, err := a.Read("contentBlockStart", []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Kind != StepStart {
				got = append(got, s.Index)
			}
		}
	}
	if diff := cmp.Diff([]int{0, 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
