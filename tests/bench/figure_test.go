package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fixed is a side that measures these values, one a round. The first is the warm-up's.
func fixed(order *[]string, name string, values ...float64) side {
	return side{name, func() (sample, error) {
		*order = append(*order, name)
		v := values[0]
		values = values[1:]
		return sample{"v": v}, nil
	}}
}

// Sides take turns, and each round is compared with itself.
func TestFigure(t *testing.T) {
	var order []string
	f := figure{
		name: "f", title: "a figure", rounds: 3,
		sides: func(*stack) ([]side, error) {
			return []side{fixed(&order, newer, 99, 10, 30, 20), fixed(&order, newer+oldSuffix, 99, 20, 20, 20), fixed(&order, sdk, 99, 20, 10, 40)}, nil
		},
		rows: []row{
			{label: "ratio", value: "v", unit: "µs", of: newer, to: sdk, goal: 1},
			{label: "difference", value: "v", of: newer, to: sdk, minus: true, goal: 1, least: true},
			{label: "alone", value: "v", of: sdk, goal: 9},
		},
	}
	all, err := f.measure(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ","); got != "sidecar,sidecar (old),SDK,sidecar (old),SDK,sidecar,SDK,sidecar,sidecar (old),sidecar,sidecar (old),SDK" {
		t.Errorf("order %s", got)
	}
	list := f.results(all)
	ratio, difference, alone := list[0], list[1], list[2]
	want := []any{spread{20, 10, 30, 10, 30}, spread{0.5, 0.5, 3, 0.5, 3}, spread{1, 0.5, 1.5, 0.5, 1.5}}
	if diff := cmp.Diff(want, []any{ratio.Value, *ratio.Compared, *ratio.NewToOld}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(spread{-10, -20, 20, -20, 20}, *difference.Compared); diff != "" {
		t.Error(diff)
	}
	if alone.Compared != nil || alone.NewToOld != nil {
		t.Errorf("%+v", alone)
	}
	var out bytes.Buffer
	if err := printFigure(&out, &f, list); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"f: a figure, 3 rounds\n", "sidecar 20.0 µs  ÷ SDK 20.0 µs  0.500 (0.500–3.00)", "≤ 1, unclear", "new ÷ old 1.00 (0.500–1.50)",
		"− SDK 20.0     -10.0 (-20.0–20.0)", "≥ 1, unclear", "≤ 9, MISSED",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// An error ends a figure, and says in which part.
func TestFigureFails(t *testing.T) {
	broken := errors.New("broken")
	f := figure{name: "f", rounds: 1, sides: func(*stack) ([]side, error) {
		return []side{{"hop", func() (sample, error) { return nil, broken }}}, nil
	}}
	if _, err := f.measure(nil); !errors.Is(err, broken) || err.Error() != "f, hop: broken" {
		t.Error(err)
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want spread
	}{
		{[]float64{3}, spread{3, 3, 3, 3, 3}},
		{[]float64{4, 1, 2, 3}, spread{2.5, 1, 4, 2, 3}},
		{[]float64{9, 1, 5}, spread{5, 1, 9, 1, 9}},
		{[]float64{8, 1, 2, 3, 4, 5, 6, 7}, spread{4.5, 1, 8, 3, 6}},
	} {
		given := slices.Clone(c.list)
		if got := spreadOf(c.list); got != c.want || !slices.Equal(given, c.list) {
			t.Errorf("%v: %v", c.list, got)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		low, median, high, goal float64
		least                   bool
		want                    string
	}{
		{0.8, 0.9, 0.95, 1, false, "met"},
		{0.8, 1, 1, 1, false, "met"},
		{0.8, 0.9, 1.1, 1, false, "unclear"},
		{1.1, 1.2, 1.3, 1, false, "missed"},
		{1.1, 1.2, 1.3, 1, true, "met"},
		{1, 1, 1.3, 1, true, "met"},
		{0.8, 0.9, 0.95, 1, true, "missed"},
		{0.8, 1.2, 1.3, 1, true, "unclear"},
		{1, 1, 1, 0, false, ""},
	} {
		r := result{Value: spread{Low: c.low, Median: c.median, High: c.high}, Goal: c.goal, AtLeast: c.least}
		if got := r.verdict(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.01234: "0.0123", 0.00001: "0.0000", 1.234: "1.23", 12.34: "12.3", 1234.5: "1234", 1234567.8: "1,234,568", -45.67: "-45.7"} {
		if got := number(v, ""); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []figure{{name: "a"}, {name: "b"}, {name: "c"}}
	for names, want := range map[string]string{"": "abc", "c,a": "ca", "b": "b"} {
		chosen, err := choose(all, names)
		got := ""
		for _, f := range chosen {
			got += f.name
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, %v", names, got, err)
		}
	}
	if _, err := choose(all, "a,d"); err == nil || !strings.Contains(err.Error(), `"d"; there are a, b, c`) {
		t.Error(err)
	}
}
