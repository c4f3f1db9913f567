package native

import (
	"testing"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/converse"
)

// BenchmarkTextDelta passes one event of text, beside chat's translation of the same event:
// compare the two of one run.
func BenchmarkTextDelta(b *testing.B) {
	payload := []byte(`{"contentBlockIndex":0,"delta":{"text":" quantum"},"p":"abcdefghijklmnopqrstuvwxyzABCDEFGH"}`)
	event := translator.Event{Kind: "contentBlockDelta", Payload: payload, Frame: eventstream.AppendMessage(nil, []eventstream.Header{
		{Name: ":event-type", Value: "contentBlockDelta"}, {Name: ":content-type", Value: "application/json"}, {Name: ":message-type", Value: "event"},
	}, payload)}
	gateway, err := chat.New(converse.Settings{}, chat.Config{})
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"messages":[{"role":"user","content":"hi"}]}`)
	for _, d := range []translator.Dialect{newDialect(b), gateway} {
		b.Run(d.Name(), func(b *testing.B) {
			call, err := d.Decode(translator.Request{Streaming: true, DefaultModel: model, Body: body})
			if err != nil {
				b.Fatal(err)
			}
			var s translator.Stream
			var dst []byte
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%10_000 == 0 { // an answer is bounded
					s = call.Encoder.NewStream(facts)
				}
				if dst, err = s.AppendEvent(dst[:0], event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
