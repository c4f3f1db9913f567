package converse

import (
	"unicode"
	"unicode/utf8"
)

// longestToken is in characters; a longer word is several tokens.
const longestToken = 8

// Tokens splits text into what the stand-in counts and streams as tokens: words
// with the space before them, punctuation apart, long words in pieces. Joined
// they are the text.
func Tokens(text string) []string {
	var list []string
	for text != "" {
		n := firstToken(text)
		list = append(list, text[:n])
		text = text[n:]
	}
	return list
}

// CountTokens is len(Tokens(text)) without the slices.
func CountTokens(text string) int {
	count := 0
	for ; text != ""; count++ {
		text = text[firstToken(text):]
	}
	return count
}

// firstToken is the length of the token that text starts with, in bytes.
func firstToken(text string) int {
	r, n := utf8.DecodeRuneInString(text)
	if unicode.IsSpace(r) && n < len(text) {
		next, size := utf8.DecodeRuneInString(text[n:])
		if !inWord(next) {
			return n
		}
		r, n = next, n+size
	}
	if !inWord(r) {
		return n
	}
	for count := 1; n < len(text) && count < longestToken; count++ {
		r, size := utf8.DecodeRuneInString(text[n:])
		if !inWord(r) {
			break
		}
		n += size
	}
	return n
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '\'' || r == '_'
}

// CountInput estimates the tokens of a request's text, tools and media.
func (r *Request) CountInput() int {
	count := countBlocks(r.System)
	for _, m := range r.Messages {
		count += 4 + countBlocks(m.Content) // a turn's own marks
	}
	if r.ToolConfig != nil {
		for _, t := range r.ToolConfig.Tools {
			if t.ToolSpec != nil {
				count += 8 + CountTokens(t.ToolSpec.Name) + CountTokens(t.ToolSpec.Description) + len(t.ToolSpec.InputSchema.JSON)/4
			}
		}
	}
	return count
}

func countBlocks(blocks []Block) int {
	count := 0
	for i := range blocks {
		count += countBlock(&blocks[i])
	}
	return count
}

func countBlock(b *Block) int {
	switch {
	case b.Text != nil:
		return CountTokens(*b.Text)
	case b.JSON != nil:
		return len(b.JSON) / 4
	case b.Image != nil:
		return 1 + b.Image.Source.Size()/750
	case b.Document != nil:
		return 1 + b.Document.Source.Size()/4 + countBlocks(b.Document.Source.Content)
	case b.ToolUse != nil:
		return CountTokens(b.ToolUse.Name) + len(b.ToolUse.Input)/4
	case b.ToolResult != nil:
		return 2 + countBlocks(b.ToolResult.Content)
	case b.GuardContent != nil && b.GuardContent.Text != nil:
		return CountTokens(b.GuardContent.Text.Text)
	case b.ReasoningContent != nil && b.ReasoningContent.ReasoningText != nil && b.ReasoningContent.ReasoningText.Text != nil:
		return CountTokens(*b.ReasoningContent.ReasoningText.Text)
	case b.CitationsContent != nil || b.SearchResult != nil:
		return (len(b.CitationsContent) + len(b.SearchResult)) / 4
	}
	return 0
}
