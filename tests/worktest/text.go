package worktest

import (
	"fmt"
	"strings"
)

// List repeats a format with commas, and with the number of the element in place of #.
func List(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// Reversed is List from the last element to the first.
func Reversed(n int, format string) string {
	elements := make([]string, n)
	for i := range elements {
		elements[i] = strings.ReplaceAll(format, "#", fmt.Sprint(n-i-1))
	}
	return strings.Join(elements, ",")
}

// Nested is n objects or arrays, one in the other.
func Nested(n int, open, inner, end string) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

// Texts are inputs with marks, which say what has the size n.
type Texts struct {
	// Members are objects. … is where n unknown members go, after a comma.
	Members map[string]string
	// Lists have an element between two …, which becomes a List.
	Lists map[string]string
	// Repeats have a part between two …, which is repeated as it is.
	Repeats map[string]string
	// Nests have five parts: before, the opening of a level, its innermost value, its end,
	// after.
	Nests map[string]string
}

// Shapes makes a shape of each text.
func (t Texts) Shapes(shape func(text func(n int) string) Shape) map[string]Shape {
	all := map[string]Shape{}
	for name, text := range t.Members {
		all["members of "+name] = shape(func(n int) string { return members(text, n) })
	}
	for name, text := range t.Lists {
		all["list of "+name] = shape(func(n int) string { return list(text, n) })
	}
	for name, text := range t.Repeats {
		all["repeated "+name] = shape(func(n int) string { return repeated(text, n) })
	}
	for name, text := range t.Nests {
		all["nested "+name] = shape(func(n int) string { return nest(text, n) })
	}
	return all
}

// members also repeats one name, and has one long name.
func members(text string, n int) string {
	return strings.Replace(text, "…", ","+List(n, `"k#":1,"again":1`)+`,"`+strings.Repeat("long", n)+`":1`, 1)
}

func list(text string, n int) string {
	before, element, after := marked(text)
	return before + List(n, element) + after
}

func repeated(text string, n int) string {
	before, part, after := marked(text)
	return before + strings.Repeat(part, n) + after
}

func nest(text string, n int) string {
	parts := strings.Split(text, "…")
	return parts[0] + Nested(n, parts[1], parts[2], parts[3]) + parts[4]
}

func marked(text string) (before, part, after string) {
	before, rest, _ := strings.Cut(text, "…")
	part, after, _ = strings.Cut(rest, "…")
	return before, part, after
}
