package converse

import (
	"unicode"
	"unicode/utf8"
)

// longestToken is the maximum length of a token, in characters.
const longestToken = 8

// Tokens splits text into tokens: words with the preceding space, split if long, and
// single punctuation characters. Concatenated, the tokens equal text.
func Tokens(text string) []string {
	var list []string
	for text != "" {
		n := firstToken(text)
		list = append(list, text[:n])
		text = text[n:]
	}
	return list
}

// CountTokens returns len(Tokens(text)) without allocating.
func CountTokens(text string) int {
	count := 0
	for ; text != ""; count++ {
		text = text[firstToken(text):]
	}
	return count
}

// firstToken returns the length in bytes of the first token of text, which must not be
// empty.
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
		count += 4 + countBlocks(m.Content) // for the role
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
