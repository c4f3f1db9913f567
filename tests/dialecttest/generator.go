package dialecttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Generator makes pieces of requests, right, odd and wrong ones. A dialect embeds it and
// adds the pieces of its own form.
type Generator struct{ *rand.Rand }

// One chooses a piece.
func (g Generator) One(of ...string) string { return of[g.IntN(len(of))] }

// Some repeats a piece up to n times, with commas.
func (g Generator) Some(n int, piece func() string) string {
	var all []string
	for range g.IntN(n + 1) {
		all = append(all, piece())
	}
	return strings.Join(all, ",")
}

// Text is a JSON string.
func (g Generator) Text() string {
	return g.One(`"hi"`, `"hi"`, `"hi"`, `""`, `" "`, `"\n"`, `" x "`, `"\u00e9\/"`, `"cut \ud83d"`, `"\uDE00"`)
}

// ID is the id of a tool call.
func (g Generator) ID() string {
	return g.One(`"t1"`, `"t1"`, `"t2"`, `"t 3"`, `"functions.f:0"`, `"ab12cd34e"`)
}

// Name is the name of a tool.
func (g Generator) Name() string {
	return g.One(`"f"`, `"f"`, `"get-weather"`, `"a.b"`, `"a/b"`, `"x y"`, `"`+strings.Repeat("n", 70)+`"`)
}

// JSON is the input of a tool call.
func (g Generator) JSON() string {
	return g.One(`{}`, `{"b":1.0,"a":12345678901234567890}`, `""`, `null`, `"{\"q\":1}"`, `"{\"q"`, `[1]`, `7`)
}

// CachePoint is Converse's block.
func (g Generator) CachePoint() string {
	return g.One(`{"cachePoint":{"type":"default"}}`, `{"cachePoint":{"type":"default","ttl":"1h"}}`)
}

// Mark is the member cache_control with a comma, or nothing.
func (g Generator) Mark() string {
	return g.One("", "", "", `,"cache_control":{"type":"ephemeral"}`, `,"cache_control":{"type":"ephemeral","ttl":"1h"}`)
}

// Document is Converse's block.
func (g Generator) Document() string {
	return fmt.Sprintf(`{"document":{"name":%s,"format":%s,"source":{"bytes":%s}}}`,
		g.One(`"a"`, `"a"`, `"b.pdf"`, `"ü_1"`, `""`), g.One(`"pdf"`, `"txt"`, `"text/plain"`, `null`), g.One(`"aGk="`, `"aGk"`, `"data:x;base64,aGk="`))
}

// Image is Converse's block.
func (g Generator) Image() string {
	return fmt.Sprintf(`{"image":{"format":%s,"source":{"bytes":%s}}}`, g.One(`"png"`, `"JPG"`, `"image/webp"`), g.One(`"aGk="`, `"_-8"`))
}

// Result is the content of a tool's result: text, JSON, or a list of Converse's blocks and
// of the dialect's own parts.
func (g Generator) Result(own ...func() string) string {
	return g.One(
		g.Text(), g.JSON(), `[]`,
		"["+g.Some(3, func() string {
			var parts []string
			for _, part := range own {
				parts = append(parts, part())
			}
			return g.One(append(parts, `{"text":`+g.Text()+`}`, `{"json":`+g.JSON()+`}`, g.Image(), g.Document(), g.CachePoint())...)
		})+"]",
	)
}

// Block is one of Converse's content blocks.
func (g Generator) Block() string {
	return g.One(
		`{"text":`+g.Text()+`}`, `{"text":`+g.Text()+`}`, g.Image(), g.Document(), g.CachePoint(),
		`{"guardContent":{"text":{"text":`+g.Text()+`}}}`,
		`{"guardContent":`+strings.Replace(g.Image(), "webp", "png", 1)+`}`,
		`{"audio":{"format":`+g.One(`"mp3"`, `"audio/mpeg"`)+`,"source":{"bytes":"aGk="}}}`,
		`{"searchResult":{"source":"s","title":"t","content":[{"text":"x"}],"citations":{"enabled":true}}}`,
		`{"reasoningContent":{"reasoningText":{"text":"hm","signature":`+g.One(`"c2ln"`, `""`, `null`)+`}}}`,
		`{"reasoningContent":{"redactedContent":"cmVk"}}`,
		`{"toolUse":{"toolUseId":`+g.ID()+`,"name":`+g.Name()+`,"input":`+g.JSON()+`}}`,
		`{"toolResult":{"toolUseId":`+g.ID()+`,"content":[`+g.Some(2, func() string { return `{"text":` + g.Text() + `}` })+`]}}`,
	)
}

// Content is text, or a list of Converse's blocks, or of the dialect's own parts.
func (g Generator) Content(own ...func() string) string {
	kinds := []string{g.Text(), g.Text(), "[" + g.Some(4, g.Block) + "]"}
	for _, part := range own {
		kinds = append(kinds, "["+g.Some(4, part)+"]")
	}
	return g.One(kinds...)
}
