// Package answertest makes whole Converse replies and cuts them into the events that
// Bedrock would stream instead. The property tests of dialects use it: a whole answer
// must equal its own stream, added up.
package answertest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// A Maker makes replies and streams. The same seed gives the same ones.
type Maker struct{ *rand.Rand }

func (m Maker) one(of ...string) string { return of[m.IntN(len(of))] }

// some is a list of up to n parts, with commas.
func (m Maker) some(n int, part func() string) string {
	list := make([]string, m.IntN(n+1))
	for i := range list {
		list[i] = part()
	}
	return strings.Join(list, ",")
}

// text is a JSON string with characters that are easy to break. Some have half a
// surrogate pair without the other.
func (m Maker) text() string {
	var b strings.Builder
	for range m.IntN(12) {
		b.WriteString(m.one("a", " ", "\n", `"`, `\`, "é", "😀", "\u2028", "\u0085", "\x00", "漢", "\U0001d11e", "</s>", `\ud83d`))
	}
	text := string(rawjson.Quote(b.String()))
	if m.IntN(6) > 0 {
		return text
	}
	half := m.one(`\ud83d`, `\ude00`, `\uD83D\uD83D`, `\ude00\ud83d`)
	return m.one(text[:len(text)-1]+half+`"`, `"`+half+text[1:], `"`+half+`b`+half+`"`)
}

func (m Maker) bytes() string { return m.one(`""`, `"aGVsbG8="`, `"iVBORw0KGgo="`, `"AA=="`) }

// value is any JSON.
func (m Maker) value(depth int) string {
	if depth == 0 {
		return m.one("null", "true", "-1.50e+3", "12345678901234567890", m.text())
	}
	return m.one(
		"7", m.text(),
		"["+m.some(3, func() string { return m.value(depth - 1) })+"]",
		m.object(depth-1),
	)
}

func (m Maker) object(depth int) string {
	i := 0
	return "{" + m.some(3, func() string { i++; return fmt.Sprintf(`"m%d":%s`, i, m.value(depth)) }) + "}"
}

// input is a tool call's. Some models send its text instead of an object.
func (m Maker) input() string {
	return m.one("{}", m.object(2), m.object(2), string(rawjson.Quote(m.object(1))), m.text())
}

func (m Maker) toolUse() string {
	return fmt.Sprintf(`{"toolUse":{"input":%s,"name":"%s","toolUseId":%q%s}}`,
		m.input(), m.one("f", "renamed", "get_weather"), fmt.Sprint("t", m.IntN(1000)), m.one("", "", `,"type":"tool_use"`, `,"type":"server_tool_use"`, `,"more":{"n":1.0}`))
}

func (m Maker) citation() string {
	location := m.one(`"documentPage":{"documentIndex":0,"start":1,"end":2}`, `"web":{"url":"https://example.com","domain":`+m.text()+`}`)
	return fmt.Sprintf(`{"location":{%s},"title":%s,"new":%s}`, location, m.one(m.text(), `"a"`, `"b"`), m.value(1))
}

func (m Maker) block() string {
	return m.one(
		`{"text":`+m.text()+`}`, `{"text":`+m.text()+`}`,
		m.toolUse(), m.toolUse(),
		`{"citationsContent":{"citations":[`+m.some(3, m.citation)+`],"content":[`+m.some(2, func() string { return `{"text":` + m.text() + `}` })+`]}}`,
		`{"citationsContent":{"citations":[`+m.citation()+`]}}`,
		`{"reasoningContent":{"reasoningText":{"signature":`+m.bytes()+`,"text":`+m.text()+`}}}`,
		`{"reasoningContent":{"reasoningText":{"signature":`+m.bytes()+`}}}`,
		`{"reasoningContent":{"reasoningText":{"text":`+m.text()+`}}}`,
		`{"reasoningContent":{"redactedContent":`+m.bytes()+`}}`,
		`{"reasoningContent":{"novelty":`+m.text()+`}}`,
		`{"image":{"format":"png","source":{"bytes":`+m.bytes()+`}}}`,
		`{"toolResult":{"content":[`+m.some(2, func() string { return m.one(`{"text":`+m.text()+`}`, `{"json":`+m.value(1)+`}`) })+`],"status":"success","toolUseId":"t1","type":"x_result"}}`,
		`{"hologram":{"depth":3,"layers":[`+m.some(3, func() string { return m.value(0) })+`],"voxels":`+m.text()+`}}`,
	)
}

// Reply is the body of a whole reply.
func (m Maker) Reply() []byte {
	usage := m.one("", `,"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3`+m.one("", `,"cacheReadInputTokens":9,"cacheDetails":[{"ttl":"1h","n":1.0}]`)+`}`)
	return fmt.Appendf(nil, `{"metrics":{"latencyMs":%d},"output":{"message":{"content":[%s],"role":"assistant"%s}},"stopReason":%q%s%s%s%s}`,
		m.IntN(1000), m.some(6, m.block), m.one("", `,"mood":`+m.value(1)),
		m.one("end_turn", "tool_use", "max_tokens", "guardrail_intervened", "a_word_to_come"), usage,
		m.one("", `,"additionalModelResponseFields":{"stop_sequence":`+m.text()+`}`),
		m.one("", `,"trace":{"guardrail":{"inputAssessment":{}}}`, `,"serviceTier":{"type":"flex"}`, `,"performanceConfig":{"latency":"optimized"}`),
		m.one("", `,"newMember":`+m.object(1)))
}
