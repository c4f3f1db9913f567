package extproc

import (
	"fmt"
	"testing"
)

// Callers without calls are forgotten: their names come from tokens and have no bound.
func TestCallersAreForgotten(t *testing.T) {
	a := newAdmission(0, 0)
	for i := range 1000 {
		p := places{admission: a}
		limit := CallLimit{Limit: LimitCaller, Name: fmt.Sprint("user=", i), Max: 1}
		if err := p.enter(limit); err != nil {
			t.Fatal(err)
		}
		second := places{admission: a}
		if err := second.enter(limit); err == nil {
			t.Error("a second call was admitted")
		}
		second.leave()
		p.leave()
	}
	if len(a.held) != 2 || len(a.refused) != 1 { // LimitCalls and LimitBodies; LimitCaller
		t.Errorf("%d entries of calls and %d of refusals are left", len(a.held), len(a.refused))
	}
}
