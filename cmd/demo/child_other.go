//go:build !linux

package main

import "syscall"

// childAttributes keep Ctrl-C from reaching the processes, so that demo stops them in
// order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
