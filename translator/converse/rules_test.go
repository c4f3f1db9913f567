package converse

import (
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// TestWarningsAreBounded: a request with many faults does not cause a long answer.
func TestWarningsAreBounded(t *testing.T) {
	r := New(Rules{})
	for range 3 * maxWarnings {
		r.warn("path", faultUnknownField)
	}
	all := r.Warnings()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || !strings.Contains(last.Detail, "200 more") {
		t.Errorf("%d warnings, the last is %+v", len(all), last)
	}
}

// TestUnknownMembersAreCounted: beyond the listed warnings, an unknown member costs
// no memory.
func TestUnknownMembersAreCounted(t *testing.T) {
	r := New(Rules{})
	o := Object{At: "tools[0]", Members: slices.Repeat(rawjson.Object{{Name: "x", Value: rawjson.Value("1")}}, 3*maxWarnings)}
	r.WarnUnknown(o, "y")
	if len(r.warnings) != maxWarnings || r.unlisted != 2*maxWarnings || r.warnings[0].Path != "tools[0].x" {
		t.Errorf("%d warnings and %d more, the first %+v", len(r.warnings), r.unlisted, r.warnings[0])
	}
	if n := testing.AllocsPerRun(10, func() { r.WarnUnknown(o, "y") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestBlocksAreBounded: a request with very many tiny blocks is refused before memory
// is allocated for them.
func TestBlocksAreBounded(t *testing.T) {
	list := func(n int) Field {
		return Field{rawjson.Value(`[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, n-1) + `]`), "content"}
	}
	if _, err := New(Rules{}).Content(list(maxBlocks), nil); err != nil {
		t.Errorf("%d blocks: %v", maxBlocks, err)
	}
	_, err := New(Rules{Mode: Passthrough}).Content(list(maxBlocks+1), nil)
	if e := translator.AsError(err); e == nil || e.Status != 400 || e.Path != "content[100000]" {
		t.Errorf("one more: %v", err)
	}
}
