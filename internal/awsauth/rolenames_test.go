package awsauth

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The loops accept what STS's own patterns accept.
func TestNamesAreThoseOfSTS(t *testing.T) {
	for name, c := range map[string]struct {
		pattern string
		valid   func(string) bool
	}{
		"role": {`^[\w+=,.@-]{1,64}$`, isRoleName},
		"tag":  {`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`, isTagValue},
	} {
		pattern := regexp.MustCompile(c.pattern)
		texts := []string{"", "\xff", "a\xffb", "a\n", "a\nb", "\xed\xa0\x80"}
		for _, n := range []int{63, 64, 65, 255, 256, 257} {
			texts = append(texts, strings.Repeat("a", n), strings.Repeat("ü", n))
		}
		for r := rune(0); r <= utf8.MaxRune; r++ {
			texts = append(texts, string(r))
		}
		for _, text := range texts {
			if got, want := c.valid(text), pattern.MatchString(text); got != want {
				t.Errorf("%s: %q is %v, STS: %v", name, text, got, want)
			}
		}
	}
}

// Every byte of a session's name is one that STS accepts, and plain ones stay.
func TestSessionNameBytes(t *testing.T) {
	changed := regexp.MustCompile(`[^\w+.@-]`)
	for b := range 256 {
		text := "a" + string([]byte{byte(b)})
		if got := sessionName(text); !isRoleName(got) || (got != text) != changed.MatchString(text) {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
