package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func chart() *Chart {
	return &Chart{Title: "Cost & load", X: "calls", Y: "µs", Series: []Series{
		{Name: "low", Points: []Point{{1, 10, 9, 12}, {10, 20, 15, 25}, {100, 50, 40, 900}}},
		{Name: "high", Points: []Point{{1, 90, 80, 100}, {10, 70, 60, 80}, {100, 51, 50, 52}}},
	}}
}

// A chart is well-formed, has both colour schemes, and shows each point in its place.
func TestSVG(t *testing.T) {
	svg := chart().SVG()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	circles := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 6 {
		t.Errorf("%d circles", circles)
	}
	for _, want := range []string{
		"Cost &amp; load", "prefers-color-scheme:dark",
		`>100</text>`, `>80</text>`, // the axes
		`d="M62.0 266.8L276.0 241.6L490.0 166.0"`,       // in equal steps, from 0 up to 100
		`d="M490.0 191.2V40.0"`,                         // a range does not leave the chart
		`y="167.5">high</text>`, `y="182.5">low</text>`, // names do not overlap
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
}

func TestNiceStep(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.1: 2, 3: 5, 7: 10, 0.03: 0.05, 180: 200} {
		if got := niceStep(v); got < want*0.999 || got > want*1.001 {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
}
