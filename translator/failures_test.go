package translator

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestErrorsRepeatLittle: an error is short and UTF-8, whatever the client sent.
func TestErrorsRepeatLittle(t *testing.T) {
	long := strings.Repeat("long\xff", 1<<18)
	for name, e := range map[string]*Error{
		"path": ErrUnknownPath(long), "method": ErrMethodNotAllowed(long, long, []string{"GET"}), "encoding": ErrEncoding(long),
		"backend": ErrUnknownBackend(long, []string{"a"}), "region": ErrModelRegion(long, "us-east-1"),
	} {
		if text := e.Message + e.Hint; len(text) > 2000 || !utf8.ValidString(text) {
			t.Errorf("%s: %d bytes: %.200q", name, len(text), text)
		}
	}
}
