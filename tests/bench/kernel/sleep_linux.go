package kernel

import (
	"syscall"
	"time"
)

// Sleep returns after d, within a tenth of a millisecond. time.Sleep can be a whole one late
// while a program is idle.
func Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	left := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&left, &left) != nil { // a signal has ended it
	}
}
