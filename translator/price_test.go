package translator_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"bedrock-extproc/translator"
)

func TestCost(t *testing.T) {
	usage := func(in, out, read, write int64) translator.Summary {
		return translator.Summary{UsageKnown: true, InputTokens: in, OutputTokens: out, CacheReadTokens: read, CacheWriteTokens: write}
	}
	// 0.003, 0.015, 0.0003 and 0.00375 for 1,000 tokens
	sonnet := translator.Price{Currency: "USD", Input: 3_000_000, Output: 15_000_000, CacheRead: 300_000, CacheWrite: 3_750_000}
	for name, c := range map[string]struct {
		price  translator.Price
		usage  translator.Summary
		micros int64
		known  bool
	}{
		"each kind":        {sonnet, usage(1000, 1000, 1000, 1000), 3000 + 15000 + 300 + 3750, true},
		"one token":        {sonnet, usage(1, 0, 0, 0), 3, true},
		"nothing":          {sonnet, usage(0, 0, 0, 0), 0, true},
		"half up":          {translator.Price{Currency: "USD", Input: 500_000}, usage(1, 0, 0, 0), 1, true},
		"below half":       {translator.Price{Currency: "USD", Input: 499_999}, usage(1, 0, 0, 0), 0, true},
		"no price":         {translator.Price{}, usage(1000, 0, 0, 0), 0, false},
		"no usage":         {sonnet, translator.Summary{InputTokens: 1000}, 0, false},
		"too large":        {sonnet, usage(math.MaxInt64, 0, 0, 0), 0, false},
		"negative numbers": {sonnet, usage(-5, 1, 0, 0), 15, true},
	} {
		if micros, known := c.price.Cost(c.usage); micros != c.micros || known != c.known {
			t.Errorf("%s: %d, %t, want %d, %t", name, micros, known, c.micros, c.known)
		}
	}
}

// Costs are exact: the same as with numbers of any size.
func TestCostIsExact(t *testing.T) {
	for range 10_000 {
		p := translator.Price{Currency: "USD", Input: rand.Int64N(1e9), Output: rand.Int64N(1e9), CacheRead: rand.Int64N(1e9), CacheWrite: rand.Int64N(1e9)}
		s := translator.Summary{UsageKnown: true, InputTokens: rand.Int64N(1e8), OutputTokens: rand.Int64N(1e8), CacheReadTokens: rand.Int64N(1e8), CacheWriteTokens: rand.Int64N(1e8)}
		sum := big.NewInt(500_000)
		for _, part := range [][2]int64{{p.Input, s.InputTokens}, {p.Output, s.OutputTokens}, {p.CacheRead, s.CacheReadTokens}, {p.CacheWrite, s.CacheWriteTokens}} {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(part[0]), big.NewInt(part[1])))
		}
		want := sum.Div(sum, big.NewInt(1_000_000)).Int64()
		if got, known := p.Cost(s); got != want || !known {
			t.Fatalf("%+v of %+v: %d, %t, want %d", p, s, got, known, want)
		}
	}
}
