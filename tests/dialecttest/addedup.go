package dialecttest

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/goldentest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/converse/answertest"
	"bedrock-extproc/translator/rawjson"
)

// Names are the client's names of a tool and of documents that answertest.Maker uses.
func Names() converse.Names {
	return converse.Names{
		Tools:     map[string]string{"renamed": "the client's name"},
		Documents: map[string]string{"a": "a_1.pdf", "b": `b "2".txt`},
	}
}

// An AddedUp compares whole answers with their streams, added up as a client does.
type AddedUp struct {
	NewEncoder func() translator.Encoder
	Facts      translator.Facts
	// WithoutHalves leaves out halves of surrogate pairs, which a stream of the dialect may
	// send after the next block has begun.
	WithoutHalves bool
	// Whole is what AddUp can know of a whole answer; nil stands for all members.
	Whole func(body rawjson.Value) rawjson.Object
	// AddUp builds the whole answer from a stream, and names what is wrong with the stream.
	AddUp func(sse []byte) (whole rawjson.Object, problem string)
	// Canonical compares the members; nil stands for the function Canonical.
	Canonical func(rawjson.Object) string
}

// Test compares the replies of the golden cases, each cut 20 times, and 3,000 random ones.
func (a AddedUp) Test(t *testing.T) {
	t.Helper()
	m := answertest.Maker{Rand: rand.New(rand.NewPCG(11, 12))}
	replies := 0
	for _, c := range goldentest.Load(t, false) {
		if reply, ok := c.Section("reply.json"); ok && rawjson.Check(bytes.TrimSpace(reply)) == nil {
			for range 20 {
				replies += a.compare(t, m, bytes.TrimSpace(reply))
			}
		}
	}
	for range 3000 {
		replies += a.compare(t, m, m.Reply())
		if t.Failed() {
			return
		}
	}
	if replies < 3000 {
		t.Errorf("only %d replies were compared", replies)
	}
}

// compare compares one reply with one way of cutting it. It returns 0 for a body that is
// not a reply.
func (a AddedUp) compare(t *testing.T, m answertest.Maker, reply []byte) int {
	t.Helper()
	if a.WithoutHalves {
		reply = rawjson.WithoutHalves(reply)
	}
	whole, summary, err := a.NewEncoder().EncodeReply(reply, a.Facts)
	if err != nil {
		return 0
	}
	events := m.Cut(reply)
	s := a.NewEncoder().NewStream(a.Facts)
	var sse []byte
	for _, ev := range events {
		if sse, err = s.AppendEvent(sse, ev); err != nil {
			t.Fatalf("%v\n%s\n%s", err, ev.Payload, reply)
		}
	}
	sse = s.AppendEnd(sse)
	want, canonical := rawjson.Members(whole.Body), Canonical
	if a.Whole != nil {
		want = a.Whole(whole.Body)
	}
	if a.Canonical != nil {
		canonical = a.Canonical
	}
	added, problem := a.AddUp(sse)
	if d := diff.Diff(canonical(want), canonical(added)); d != "" || problem != "" {
		t.Errorf("%s\n(-whole +stream):\n%s\nreply: %s\nevents: %s\nsse: %s", problem, d, reply, Printed(events), sse)
	}
	if d := diff.Diff(summary, s.Summary()); d != "" {
		t.Errorf("summary (-whole +stream):\n%s", d)
	}
	return 1
}

// Printed lists events, for a failure's text.
func Printed(events []translator.Event) string {
	var b strings.Builder
	for _, ev := range events {
		b.WriteString("\n  " + ev.Kind + " " + string(ev.Payload))
	}
	return b.String()
}

// Canonical normalizes JSON: sorted members, strings with the same escapes, numbers
// unchanged. Absent members are left out.
func Canonical(members rawjson.Object) string { return CanonicalWith(members, nil) }

// CanonicalValue is Canonical for any value.
func CanonicalValue(v rawjson.Value) string { return canonical{}.value("", v) }

// CanonicalWith is Canonical, except for the values that replace knows: it returns the text
// of a member's value, or of an element, whose member is "".
func CanonicalWith(members rawjson.Object, replace func(member string, v rawjson.Value) (text string, ok bool)) string {
	return canonical{replace}.object(members)
}

type canonical struct {
	replace func(member string, v rawjson.Value) (text string, ok bool)
}

func (c canonical) object(members rawjson.Object) string {
	var b strings.Builder
	slices.SortStableFunc(members, func(a, b rawjson.Member) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range members {
		if len(m.Value) > 0 {
			b.WriteString(m.Name + ": " + c.value(m.Name, m.Value) + "\n")
		}
	}
	return b.String()
}

func (c canonical) value(member string, v rawjson.Value) string {
	if c.replace != nil {
		if text, ok := c.replace(member, v); ok {
			return text
		}
	}
	switch rawjson.Kind(v) {
	case '"':
		return string(rawjson.Quote(rawjson.Text(v)))
	case '{':
		return "{" + c.object(rawjson.Members(v)) + "}"
	case '[':
		var list []string
		for _, element := range rawjson.Elements(v) {
			list = append(list, c.value("", element))
		}
		return "[" + strings.Join(list, ", ") + "]"
	default:
		return string(v)
	}
}
