package translator

import (
	"strings"
	"testing"
)

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcde", 4, "a…"},
		{"aéaaaa", 5, "a…"},
		{"aéaaaa", 6, "aé…"},
		{"😀", 3, "…"},
		{"a\xff", 9, "a\uFFFD"},
		{"a\xffbcde", 5, "a\uFFFD…"},
		{strings.Repeat("\x80", 9), 5, "…"},
	} {
		if got := Clip(tt.text, tt.limit); got != tt.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}
