package main

import (
	"math"
	"testing"
)

func TestBodyMemory(t *testing.T) {
	for _, c := range []struct{ flag, memoryLimit, want int64 }{
		{0, math.MaxInt64, 0}, // the default of extproc
		{0, 400 << 20, 200 << 20},
		{100 << 20, 400 << 20, 100 << 20},
		{100 << 20, math.MaxInt64, 100 << 20},
	} {
		if got := bodyMemory(c.flag, c.memoryLimit); got != c.want {
			t.Errorf("bodyMemory(%d, %d) = %d, want %d", c.flag, c.memoryLimit, got, c.want)
		}
	}
}
