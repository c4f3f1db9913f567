package chat

import (
	"strings"
	"testing"

	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// TestDecodeEndsWhenNobodyWaits: the translation of a long request ends where it is.
func TestDecodeEndsWhenNobodyWaits(t *testing.T) {
	d, err := New(converse.Settings{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	close(done)
	for name, list := range workTexts.Lists {
		if !strings.HasPrefix(name, "messages") {
			continue
		}
		before, rest, _ := strings.Cut(list, "[…")
		element, after, _ := strings.Cut(strings.ReplaceAll(rest, "#", "0"), "…]")
		req := translator.Request{Body: []byte(before + "[" + strings.Repeat(element+",", 20_000) + element + "]" + after), DefaultModel: "m"}
		decode := func() { _, err = d.Decode(req) }
		all := worktest.Allocated(decode)
		req.Done = done
		if some := worktest.Allocated(decode); err == nil || translator.AsError(err).Kind != translator.KindInternal || some > all/20 {
			t.Errorf("%s: %v after %d bytes of %d", name, err, some, all)
		}
	}
}
