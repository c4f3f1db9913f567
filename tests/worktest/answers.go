package worktest

import (
	"fmt"
	"strings"

	"bedrock-extproc/translator"
)

type answers struct{ newEncoder func() translator.Encoder }

// answer is a shape of an answer. A line has the kind of an event and its payload; a line
// "reply" is a whole reply.
func (a answers) answer(lines func(n int) string) Shape {
	return func(n int) func() {
		text := lines(n)
		return func() {
			encoder := a.newEncoder()
			s := encoder.NewStream(translator.Facts{})
			var out []byte
			for line := range strings.Lines(text) {
				kind, payload, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
				if kind == "reply" {
					_, _, _ = encoder.EncodeReply([]byte(payload), translator.Facts{}) // an error is as good
					continue
				}
				out, _ = s.AppendEvent(out[:0], translator.Event{Kind: kind, Payload: []byte(payload)})
			}
			s.AppendEnd(out[:0])
		}
	}
}

// events are n times one event, behind others.
func (a answers) events(before, format string) Shape {
	return a.answer(func(n int) string {
		var b strings.Builder
		b.WriteString("messageStart {\"role\":\"assistant\"}\n" + before)
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)) + "\n")
		}
		return b.String() + "messageStop {\"stopReason\":\"end_turn\"}\nmetadata {\"usage\":{\"inputTokens\":1}}\n"
	})
}

// reply is a whole reply with that content, in which the part between two … is
// repeated, with commas and its number for #.
func (a answers) reply(text string) Shape {
	return a.answer(func(n int) string { return "reply " + list(text, n) + "\n" })
}

func content(blocks string) string {
	return `{"output":{"message":{"role":"assistant","content":[` + blocks + `]}},"stopReason":"end_turn","usage":{"inputTokens":1}}`
}

const (
	delta     = `contentBlockDelta {"contentBlockIndex":0,"delta":`
	toolStart = `contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}` + "\n"
)

// Answers are shapes of Bedrock's answers, whole and streamed, for an Encoder and its
// Streams. newEncoder returns a new one.
func Answers(newEncoder func() translator.Encoder) map[string]Shape {
	a := answers{newEncoder}
	return map[string]Shape{
		"stream of text":                   a.events("", delta+`{"text":"word"}}`),
		"stream of escapes":                a.events("", delta+`{"text":"\n\\"}}`),
		"stream of halves":                 a.events("", delta+`{"text":"\ud83d"}}`),
		"stream of invalid UTF-8":          a.events("", delta+"{\"text\":\"a\xff\"}}"),
		"stream of empty text":             a.events("", delta+`{"text":""}}`),
		"stream of a tool's input":         a.events(toolStart, delta+`{"toolUse":{"input":"{\"a\":"}}}`),
		"stream of a tool's members":       a.events(toolStart, delta+`{"toolUse":{"m#":1}}}`),
		"stream of one member":             a.events(toolStart, delta+`{"toolUse":{"m":{"n":{"#":[1]}}}}}`),
		"stream of reasoning":              a.events("", delta+`{"reasoningContent":{"text":"so"}}}`),
		"stream of signatures":             a.events("", delta+`{"reasoningContent":{"signature":"so"}}}`),
		"stream of redacted content":       a.events("", delta+`{"reasoningContent":{"redactedContent":"AA=="}}}`),
		"stream of redacted blocks":        a.events("", `contentBlockDelta {"contentBlockIndex":#,"delta":{"reasoningContent":{"redactedContent":"AA=="}}}`),
		"stream of citations":              a.events("", delta+`{"citation":{"title":"#","location":{"web":{}}}}}`),
		"stream of citations and text":     a.events("", delta+`{"citation":{"title":"#"}}}`+"\n"+delta+`{"text":"x"}}`),
		"stream of an image":               a.events("", delta+`{"image":{"source":{"bytes":"AA=="}}}}`),
		"stream of a tool's result":        a.events("", delta+`{"toolResult":[{"text":"#"}]}}`),
		"stream of blocks":                 a.events("", `contentBlockDelta {"contentBlockIndex":#,"delta":{"text":"#"}}`+"\n"+`contentBlockStop {"contentBlockIndex":#}`),
		"stream of open blocks":            a.events("", `contentBlockStart {"contentBlockIndex":#,"start":{"toolUse":{"toolUseId":"t#","name":"f"}}}`),
		"stream of blocks of one index":    a.events("", `contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t#","name":"f"}}}`),
		"stream of kinds of one index":     a.events("", delta+`{"k#":{}}}`),
		"stream of unknown events":         a.events("", `new {"a":#}`),
		"stream of new members":            a.events("", `messageStart {"m#":1}`),
		"stream of metadata":               a.events("", `metadata {"m#":1,"usage":{"u#":1}}`),
		"stream of stops":                  a.events("", `messageStop {"m#":1}`),
		"an event of many members":         a.answer(func(n int) string { return "contentBlockDelta {" + List(n, `"m#":1`) + "}\n" }),
		"an unknown event of many members": a.answer(func(n int) string { return "new {" + List(n, `"m#":1`) + "}\n" }),
		"metadata of many members":         a.answer(func(n int) string { return "metadata {" + List(n, `"m#":1`) + "}\n" }),
		"deep pieces": a.answer(func(n int) string {
			piece := delta + `{"new":` + Nested(n, `{"a":`, "1", "}") + "}}\n"
			return piece + piece + piece
		}),
		"deep reply": a.answer(func(n int) string {
			return "reply " + content(`{"toolUse":{"toolUseId":"t","name":"f","input":`+Nested(n, `{"a":`, "1", "}")+`}}`) + "\n"
		}),
		"reply of texts":           a.reply(content(`…{"text":"#"}…`)),
		"reply of calls":           a.reply(content(`…{"toolUse":{"toolUseId":"t#","name":"f","input":{}}}…`)),
		"reply of kinds":           a.reply(content(`…{"k#":{}}…`)),
		"reply of a long text":     a.reply(content(`{"text":"…\n\\\"…"}`)),
		"reply of halves":          a.reply(content(`{"text":"…\ud83d…"}`)),
		"reply of invalid UTF-8":   a.reply(content("{\"text\":\"…\xff…\"}")),
		"reply of citations":       a.reply(content(`{"citationsContent":{"content":[{"text":"x"}],"citations":[…{"title":"#"}…]}}`)),
		"reply of cited texts":     a.reply(content(`{"citationsContent":{"citations":[{}],"content":[…{"text":"#"}…]}}`)),
		"reply of input members":   a.reply(content(`{"toolUse":{"toolUseId":"t","name":"f","input":{…"m#":1…}}}`)),
		"reply of call members":    a.reply(content(`{"toolUse":{"toolUseId":"t","name":"f","input":"{}",…"m#":1…}}`)),
		"reply of block members":   a.reply(content(`{"text":"x",…"m#":1…}`)),
		"reply of message members": a.reply(`{"output":{"message":{"content":[],…"m#":1…}}}`),
		"reply of output members":  a.reply(`{"output":{"message":{"content":[]},…"m#":1…}}`),
		"reply of members":         a.reply(`{"output":{"message":{"content":[]}},…"m#":1…}`),
		"reply of usage members":   a.reply(`{"output":{"message":{"content":[]}},"usage":{…"m#":1…}}`),
		"reply of digits":          a.reply(`{"output":{"message":{"content":[]}},"usage":{"inputTokens":[…1…]}}`),
	}
}
