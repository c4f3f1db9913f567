package main

import (
	"fmt"
	"slices"
)

// sample is what one side has measured in one round, by name.
type sample map[string]float64

// side is one of the things that are compared.
type side struct {
	name  string
	round func() (sample, error)
}

// The sides of most figures.
const (
	newer = "sidecar"
	sdk   = "SDK"
	hop   = "hop"
	bare  = "bare Envoy"
)

// figure is a comparison of sides, which take turns.
type figure struct {
	name   string // for ONLY
	title  string
	rounds int
	fresh  bool // sides start new processes, which nothing warms up
	sides  func(s *stack) ([]side, error)
	rows   []row
}

// row is a line of the table: a value of one side, alone or compared with that of another.
type row struct {
	label string
	value string // the name in samples
	unit  string
	of    string  // a side
	to    string  // the side compared with, "" for none
	minus bool    // the difference is judged, not the ratio
	goal  float64 // 0 for none
	least bool    // the goal is the least, not the most

	// plot, if set, is the plot that shows the value at x, as a point of a series.
	plot, series string
	x            float64
}

// measured are the samples of a figure, by side; those of one round have the same index.
type measured map[string][]sample

// measure lets the sides take turns, each first as often as the others. A round before
// the first warms up what stays.
func (f *figure) measure(s *stack) (measured, error) {
	sides, err := f.sides(s)
	if err != nil {
		return nil, err
	}
	all := measured{}
	first := -1
	if f.fresh {
		first = 0
	}
	for round := first; round < f.rounds; round++ {
		for i := range sides {
			side := sides[(i+round+1)%len(sides)]
			got, err := side.round()
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", f.name, side.name, err)
			}
			if round >= 0 {
				all[side.name] = append(all[side.name], got)
			}
		}
	}
	return all, nil
}

// spread is the median of rounds, the least and the most. Half of the rounds are from Low to
// High.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func spreadOf(list []float64) spread {
	list = slices.Sorted(slices.Values(list))
	n := len(list)
	return spread{Median: (list[n/2] + list[(n-1)/2]) / 2, Min: list[0], Max: list[n-1], Low: list[n/4], High: list[n-1-n/4]}
}

// result is a row with its numbers. Those that a row does not have are nil.
type result struct {
	Figure   string  `json:"figure"`
	Label    string  `json:"label"`
	Unit     string  `json:"unit,omitempty"`
	Side     string  `json:"side"`
	Value    spread  `json:"value"`
	To       string  `json:"to,omitempty"`
	ToValue  *spread `json:"to_value,omitempty"`
	Compared *spread `json:"compared,omitempty"` // by round: a ratio, or a difference
	Minus    bool    `json:"minus,omitempty"`
	Goal     float64 `json:"goal,omitempty"`
	AtLeast  bool    `json:"at_least,omitempty"`
	NewToOld *spread `json:"new_to_old,omitempty"` // ratio of two sidecars, by round

	row *row
}

// judged is the number that the goal is about.
func (r *result) judged() spread {
	if r.Compared != nil {
		return *r.Compared
	}
	return r.Value
}

// verdict is "met" or "missed", "" without a goal. It is "unclear" if the goal is within the
// middle half of the rounds: the machine was too busy, or the rounds are too few.
func (r *result) verdict() string {
	got := r.judged()
	switch {
	case r.Goal == 0:
		return ""
	case got.Low < r.Goal && r.Goal < got.High:
		return "unclear"
	case got.Median == r.Goal || (got.Median > r.Goal) == r.AtLeast:
		return "met"
	}
	return "missed"
}

// results computes the rows of a figure.
func (f *figure) results(all measured) (list []result) {
	for i := range f.rows {
		w := &f.rows[i]
		r := result{
			Figure: f.name, Label: w.label, Unit: w.unit, Side: w.of, Value: all.spread(w.of, w.value),
			Minus: w.minus, Goal: w.goal, AtLeast: w.least, row: w,
		}
		if w.to != "" {
			value := all.spread(w.to, w.value)
			r.To, r.ToValue = w.to, &value
			r.Compared = all.compare(w.of, w.to, w.value, w.minus)
		}
		if len(all[w.of+oldSuffix]) > 0 {
			r.NewToOld = all.compare(w.of, w.of+oldSuffix, w.value, false)
		}
		list = append(list, r)
	}
	return list
}

func (m measured) spread(side, value string) spread {
	var list []float64
	for _, s := range m[side] {
		list = append(list, s[value])
	}
	return spreadOf(list)
}

// compare compares two sides round by round.
func (m measured) compare(side, with, value string, minus bool) *spread {
	var list []float64
	for i, s := range m[side] {
		a, b := s[value], m[with][i][value]
		if minus {
			list = append(list, a-b)
		} else {
			list = append(list, a/b)
		}
	}
	result := spreadOf(list)
	return &result
}
