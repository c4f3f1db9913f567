package chat

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// alphabet has characters that are hard to cut: escapes, surrogates, white space,
// markup.
var alphabet = []string{"a", "é", "😀", `"`, `\`, "/", "\n", "\t", "<", "&", " ", "\u2028", "0", "{", "}"}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(40) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// cut cuts a text anywhere between runes.
func cut(r *rand.Rand, text string) []string {
	runes := []rune(text)
	var all []string
	for len(runes) > 0 {
		n := 1 + r.IntN(len(runes))
		all, runes = append(all, string(runes[:n])), runes[n:]
	}
	return all
}

// clientEvent is the part of an event that a client reads.
type clientEvent struct {
	Type  string         `json:"type"`
	Delta string         `json:"delta"`
	Input jsontext.Value `json:"input"`
}

// run streams payloads and reads the events as a client does.
func run(t *testing.T, events []translator.Event) []clientEvent {
	t.Helper()
	s := (&call{model: "m", toolUseDeltas: true}).NewStream(facts)
	var out []byte
	for _, ev := range events {
		var err error
		if out, err = s.AppendEvent(out, ev); err != nil {
			t.Fatal(err)
		}
	}
	var list []clientEvent
	for line := range strings.SplitSeq(string(s.AppendEnd(out)), "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var ev clientEvent
			if err := json.Unmarshal([]byte(data), &ev, lenient); err != nil {
				t.Fatalf("%v: %s", err, data)
			}
			list = append(list, ev)
		}
	}
	return list
}

func blockDelta(index int, delta string) translator.Event {
	return translator.Event{Kind: "contentBlockDelta", Payload: fmt.Appendf(nil, `{"contentBlockIndex":%d,"delta":%s}`, index, delta)}
}

// TestTextDeltasMakeTheText: a client's pieces add up to the whole text.
func TestTextDeltasMakeTheText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		text := randomText(r)
		var events []translator.Event
		for _, piece := range cut(r, text) {
			events = append(events, blockDelta(0, `{"text":`+string(rawjson.Quote(piece))+`}`))
		}
		var got strings.Builder
		for _, ev := range run(t, events) {
			if ev.Type == "content_delta" {
				got.WriteString(ev.Delta)
			}
		}
		if got.String() != text {
			t.Fatalf("got %q, want %q", got.String(), text)
		}
	}
}

// TestToolDeltasMakeTheInput: the pieces of a tool call's input add up to the whole
// input, byte for byte except for escaped line ends.
func TestToolDeltasMakeTheInput(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		input := `{` + string(rawjson.Quote(randomText(r))) + `:12345678901234567890,"z":[1.0,` + string(rawjson.Quote(randomText(r))) + `],"a":2.50}`
		events := []translator.Event{{
			Kind: "contentBlockStart", Payload: []byte(`{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}`),
		}}
		for _, piece := range cut(r, input) {
			events = append(events, blockDelta(0, `{"toolUse":{"input":`+string(rawjson.Quote(piece))+`}}`))
		}
		events = append(events, translator.Event{Kind: "contentBlockStop", Payload: []byte(`{"contentBlockIndex":0}`)})
		var deltas, complete string
		for _, ev := range run(t, events) {
			switch ev.Type {
			case "tool_use_delta":
				deltas += ev.Delta
			case "tool_use_complete":
				complete = string(ev.Input)
			}
		}
		if line := string(sse.AppendJSON(nil, []byte(input))); deltas != input || complete != line {
			t.Fatalf("deltas   %s\ncomplete %s\nwant     %s", deltas, complete, line)
		}
	}
}

// TestTurnsCanBeSentBack: the content_blocks of an answer, sent back as content,
// become the same Converse blocks.
func TestTurnsCanBeSentBack(t *testing.T) {
	for _, g := range goldens(t) {
		client, ok := g.Section("client.json")
		if !ok {
			continue
		}
		var answer struct {
			Metadata struct {
				ContentBlocks jsontext.Value `json:"content_blocks"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(client, &answer); err != nil || answer.Metadata.ContentBlocks == nil {
			continue
		}
		if strings.Contains(string(client), "tool_renamed") {
			continue // the names are the client's there
		}
		blocks := rawjson.Compact(answer.Metadata.ContentBlocks)
		d, err := New(converse.Settings{Mode: converse.Passthrough}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		call, err := d.Decode(translator.Request{DefaultModel: "m", Body: []byte(`{"messages":[{"role":"assistant","content":` + string(blocks) + `}]}`)})
		if err != nil {
			t.Fatalf("%s: %v", g.File, err)
		}
		if want := `{"messages":[{"content":` + string(blocks) + `,"role":"assistant"}]}`; string(call.Body) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", g.File, call.Body, want)
		}
	}
}
