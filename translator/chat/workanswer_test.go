package chat

import (
	"fmt"
	"strings"

	"bedrock-extproc/translator"
)

// answer is a shape of Bedrock's answer. A line has the kind of an event and its
// payload; a line "reply" is a whole reply.
func answer(lines func(n int) string) shape {
	return func(n int) func() {
		text := lines(n)
		return func() {
			c := &call{model: "m", toolUseDeltas: true}
			s := c.NewStream(facts)
			var out []byte
			for line := range strings.Lines(text) {
				kind, payload, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
				if kind == "reply" {
					_, _, _ = c.EncodeReply([]byte(payload), facts) // an error is as good
					continue
				}
				out, _ = s.AppendEvent(out[:0], translator.Event{Kind: kind, Payload: []byte(payload)})
			}
			s.AppendEnd(out[:0])
		}
	}
}

// events are n times one event, between others.
func events(before, format, after string) shape {
	return answer(func(n int) string {
		var b strings.Builder
		b.WriteString("messageStart {\"role\":\"assistant\"}\n" + before)
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)) + "\n")
		}
		return b.String() + after + "messageStop {\"stopReason\":\"end_turn\"}\nmetadata {\"usage\":{\"inputTokens\":1}}\n"
	})
}

// reply is a whole reply with that content, in which the part between two … is
// repeated, with commas and its number for #.
func reply(text string) shape {
	before, rest, _ := strings.Cut(text, "…")
	part, after, _ := strings.Cut(rest, "…")
	return answer(func(n int) string { return "reply " + before + list(n, part) + after + "\n" })
}

func content(blocks string) string {
	return `{"output":{"message":{"role":"assistant","content":[` + blocks + `]}},"stopReason":"end_turn","usage":{"inputTokens":1}}`
}

const (
	delta     = `contentBlockDelta {"contentBlockIndex":0,"delta":`
	toolStart = `contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}` + "\n"
)

func answerShapes() map[string]shape {
	return map[string]shape{
		"stream of text":                   events("", delta+`{"text":"word"}}`, ""),
		"stream of escapes":                events("", delta+`{"text":"\n\\"}}`, ""),
		"stream of halves":                 events("", delta+`{"text":"\ud83d"}}`, ""),
		"stream of invalid UTF-8":          events("", delta+"{\"text\":\"a\xff\"}}", ""),
		"stream of empty text":             events("", delta+`{"text":""}}`, ""),
		"stream of a tool's input":         events(toolStart, delta+`{"toolUse":{"input":"{\"a\":"}}}`, ""),
		"stream of a tool's members":       events(toolStart, delta+`{"toolUse":{"m#":1}}}`, ""),
		"stream of one member":             events(toolStart, delta+`{"toolUse":{"m":{"n":{"#":[1]}}}}}`, ""),
		"stream of reasoning":              events("", delta+`{"reasoningContent":{"text":"so"}}}`, ""),
		"stream of signatures":             events("", delta+`{"reasoningContent":{"signature":"so"}}}`, ""),
		"stream of redacted content":       events("", delta+`{"reasoningContent":{"redactedContent":"AA=="}}}`, ""),
		"stream of citations":              events("", delta+`{"citation":{"title":"#","location":{"web":{}}}}}`, ""),
		"stream of citations and text":     events("", delta+`{"citation":{"title":"#"}}}`+"\n"+delta+`{"text":"x"}}`, ""),
		"stream of an image":               events("", delta+`{"image":{"source":{"bytes":"AA=="}}}}`, ""),
		"stream of a tool's result":        events("", delta+`{"toolResult":[{"text":"#"}]}}`, ""),
		"stream of blocks":                 events("", `contentBlockDelta {"contentBlockIndex":#,"delta":{"text":"#"}}`+"\n"+`contentBlockStop {"contentBlockIndex":#}`, ""),
		"stream of open blocks":            events("", `contentBlockStart {"contentBlockIndex":#,"start":{"toolUse":{"toolUseId":"t#","name":"f"}}}`, ""),
		"stream of blocks of one index":    events("", `contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t#","name":"f"}}}`, ""),
		"stream of kinds of one index":     events("", delta+`{"k#":{}}}`, ""),
		"stream of unknown events":         events("", `new {"a":#}`, ""),
		"stream of new members":            events("", `messageStart {"m#":1}`, ""),
		"stream of metadata":               events("", `metadata {"m#":1,"usage":{"u#":1}}`, ""),
		"stream of stops":                  events("", `messageStop {"m#":1}`, ""),
		"an event of many members":         answer(func(n int) string { return "contentBlockDelta {" + list(n, `"m#":1`) + "}\n" }),
		"an unknown event of many members": answer(func(n int) string { return "new {" + list(n, `"m#":1`) + "}\n" }),
		"metadata of many members":         answer(func(n int) string { return "metadata {" + list(n, `"m#":1`) + "}\n" }),
		"deep pieces": answer(func(n int) string {
			piece := delta + `{"new":` + nested(n, `{"a":`, "1", "}") + "}}\n"
			return piece + piece + piece
		}),
		"deep reply": answer(func(n int) string {
			return "reply " + content(`{"toolUse":{"toolUseId":"t","name":"f","input":`+nested(n, `{"a":`, "1", "}")+`}}`) + "\n"
		}),
		"reply of texts":           reply(content(`…{"text":"#"}…`)),
		"reply of calls":           reply(content(`…{"toolUse":{"toolUseId":"t#","name":"f","input":{}}}…`)),
		"reply of kinds":           reply(content(`…{"k#":{}}…`)),
		"reply of a long text":     reply(content(`{"text":"…\n\\\"…"}`)),
		"reply of halves":          reply(content(`{"text":"…\ud83d…"}`)),
		"reply of invalid UTF-8":   reply(content("{\"text\":\"…\xff…\"}")),
		"reply of citations":       reply(content(`{"citationsContent":{"content":[{"text":"x"}],"citations":[…{"title":"#"}…]}}`)),
		"reply of cited texts":     reply(content(`{"citationsContent":{"citations":[{}],"content":[…{"text":"#"}…]}}`)),
		"reply of input members":   reply(content(`{"toolUse":{"toolUseId":"t","name":"f","input":{…"m#":1…}}}`)),
		"reply of call members":    reply(content(`{"toolUse":{"toolUseId":"t","name":"f","input":"{}",…"m#":1…}}`)),
		"reply of block members":   reply(content(`{"text":"x",…"m#":1…}`)),
		"reply of message members": reply(`{"output":{"message":{"content":[],…"m#":1…}}}`),
		"reply of output members":  reply(`{"output":{"message":{"content":[]},…"m#":1…}}`),
		"reply of members":         reply(`{"output":{"message":{"content":[]}},…"m#":1…}`),
		"reply of usage members":   reply(`{"output":{"message":{"content":[]}},"usage":{…"m#":1…}}`),
		"reply of digits":          reply(`{"output":{"message":{"content":[]}},"usage":{"inputTokens":[…1…]}}`),
	}
}
