package extproc_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"bedrock-extproc/translator"
)

// An answer that is too large ends in an error event, and so does the call to Bedrock,
// although Bedrock would go on.
func TestAnswerTooLarge(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.dialect.appendEvent = func(dst []byte, ev translator.Event) ([]byte, error) {
			if string(ev.Payload) == "two" {
				return dst, translator.ErrAnswerTooLarge("Bedrock's answer", translator.MaxAnswer)
			}
			return append(dst, data(string(ev.Payload))...), nil
		}
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		for _, next := range []step{messageStart, delta("one"), delta("two")} {
			steps <- next
		}
		a := c.answer()
		synctest.Wait()
		if ends := s.backend.causes(); len(ends) != 1 {
			s.t.Errorf("%d calls have ended, want 1", len(ends))
		}
		if o := s.outcome(); o.ErrorKind != translator.KindAnswerTooLarge || !strings.Contains(a.body(), "error "+string(translator.KindAnswerTooLarge)) {
			s.t.Errorf("outcome %+v, answer %s", o, a.body())
		}
	})
}
