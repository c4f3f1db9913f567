package converse

import (
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// TestStopSequencesAreBounded: the service accepts 2500.
func TestStopSequencesAreBounded(t *testing.T) {
	stops := func(n int) Inference {
		return Inference{Stop: Field{rawjson.Value(`["x"` + strings.Repeat(`,"x"`, n-1) + `]`), "stop"}}
	}
	if err := New(Rules{}).Infer(stops(maxStops)); err != nil {
		t.Errorf("%d: %v", maxStops, err)
	}
	if e := translator.AsError(New(Rules{}).Infer(stops(maxStops + 1))); e == nil || e.Status != 400 || e.Path != "stop" {
		t.Errorf("one more: %v", e)
	}
	if err := New(Rules{Mode: Passthrough}).Infer(stops(maxStops + 1)); err != nil {
		t.Errorf("one more, in passthrough mode: %v", err)
	}
}
