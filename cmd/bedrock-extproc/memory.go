package main

import (
	"errors"
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.uber.org/zap"
)

// setMemoryLimit makes Go collect garbage in time for the limit of the process's cgroup,
// which limit reads, and leaves a tenth of it to what Go does not count. GOMEMLIMIT,
// which Go reads itself, comes first. It returns the limit that Go keeps to, in bytes; 0
// is none.
func setMemoryLimit(env lookupEnv, limit func() (uint64, error), log *zap.Logger) int64 {
	source := "GOMEMLIMIT"
	if _, set := env(source); !set {
		source = "cgroup"
		bytes, err := limit()
		switch {
		case errors.Is(err, memlimit.ErrNoLimit), errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
		case err != nil:
			log.Warn("cannot read the memory limit of the container: set GOMEMLIMIT to 90 % of it", zap.Error(err))
		case bytes < math.MaxInt64:
			debug.SetMemoryLimit(int64(bytes) / 10 * 9)
		}
	}
	current := debug.SetMemoryLimit(-1) // reads only
	if current == math.MaxInt64 {
		return 0
	}
	log.Info("memory limit", zap.Int64("bytes", current), zap.String("source", source))
	return current
}
