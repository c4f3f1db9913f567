package translator

import "math/bits"

// A Price is what tokens of a model cost. The zero value is no price.
type Price struct {
	// Currency is a text such as "USD"; "" for no price.
	Currency string
	// Input, Output, CacheRead and CacheWrite are the prices of one token, in 10⁻¹² of the
	// currency's unit: a price for 1,000 tokens with nine decimals is a whole number of them.
	Input, Output, CacheRead, CacheWrite int64
}

// picosPerMicro is how many of a Price's units make a millionth of the currency's unit.
const picosPerMicro = 1_000_000

// Cost is the price of an answer in millionths of the currency's unit, rounded to the
// nearest, half up. known is false without a price or token counts, and for a cost that is
// too large for the type.
func (p Price) Cost(s Summary) (micros int64, known bool) {
	if p.Currency == "" || !s.UsageKnown {
		return 0, false
	}
	sum := uint64(picosPerMicro / 2)
	for _, part := range [][2]int64{
		{s.InputTokens, p.Input}, {s.OutputTokens, p.Output}, {s.CacheReadTokens, p.CacheRead}, {s.CacheWriteTokens, p.CacheWrite},
	} {
		high, low := bits.Mul64(uint64(max(part[0], 0)), uint64(max(part[1], 0)))
		var carry uint64
		sum, carry = bits.Add64(sum, low, 0)
		if high+carry > 0 {
			return 0, false
		}
	}
	return int64(sum / picosPerMicro), true
}
