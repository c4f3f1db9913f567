package converse

import (
	"strings"
	"testing"
)

// TestWarningsAreBounded: a request of many faults does not make a long answer.
func TestWarningsAreBounded(t *testing.T) {
	r := New(Rules{})
	for range 3 * maxWarnings {
		r.Warn("code", "path", "detail")
	}
	all := r.Warnings()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || !strings.Contains(last.Detail, "200 more") {
		t.Errorf("there are %d warnings, the last of which is %+v", len(all), last)
	}
}
