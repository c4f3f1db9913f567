package converse

import (
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// TestWarningsAreBounded: a request of many faults does not make a long answer.
func TestWarningsAreBounded(t *testing.T) {
	r := New(Rules{})
	for range 3 * maxWarnings {
		r.warn("path", faultUnknownField)
	}
	all := r.Warnings()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || !strings.Contains(last.Detail, "200 more") {
		t.Errorf("there are %d warnings, the last of which is %+v", len(all), last)
	}
}

// TestBlocksAreBounded: a request of very many tiny blocks is refused before it has
// taken the memory for them.
func TestBlocksAreBounded(t *testing.T) {
	list := func(n int) Field {
		return Field{rawjson.Value(`[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, n-1) + `]`), "content"}
	}
	if _, err := New(Rules{}).Content(list(maxBlocks)); err != nil {
		t.Errorf("%d blocks: %v", maxBlocks, err)
	}
	_, err := New(Rules{Mode: Passthrough}).Content(list(maxBlocks + 1))
	if e := translator.AsError(err); e == nil || e.Status != 400 || e.Path != "content[100000]" {
		t.Errorf("one more: %v", err)
	}
}
