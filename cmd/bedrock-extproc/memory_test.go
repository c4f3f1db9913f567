package main

import (
	"errors"
	"math"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Go's limit is GOMEMLIMIT, or 90 % of the cgroup's, or none.
func TestMemoryLimit(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	for name, c := range map[string]struct {
		variable bool
		limit    uint64
		err      error
		want     int64
		logged   int
	}{
		"cgroup": {limit: 1 << 30, want: 1 << 30 / 10 * 9, logged: 1}, "none": {err: memlimit.ErrNoLimit}, "no cgroup": {err: memlimit.ErrNoCgroup},
		"broken": {err: errors.New("broken"), logged: 1}, "huge": {limit: math.MaxUint64}, "GOMEMLIMIT": {variable: true, limit: 1 << 30, want: 1 << 20, logged: 1},
	} {
		debug.SetMemoryLimit(math.MaxInt64)
		env := func(string) (string, bool) { return "", c.variable }
		if c.variable {
			debug.SetMemoryLimit(1 << 20) // as Go does at its start
		}
		core, logs := observer.New(zap.InfoLevel)
		got := setMemoryLimit(env, func() (uint64, error) { return c.limit, c.err }, zap.New(core))
		if got != c.want || logs.Len() != c.logged {
			t.Errorf("%s: %d, %v", name, got, logs.All())
		}
	}
}

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
