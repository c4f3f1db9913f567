//go:build !linux

package kernel

import "time"

// Sleep returns after d.
func Sleep(d time.Duration) { time.Sleep(d) }
