//go:build !linux

package local

import "syscall"

// childAttributes keep Ctrl-C from reaching the processes, so that Run stops them in
// order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
