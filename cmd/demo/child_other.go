//go:build !linux

package main

import "syscall"

// childAttributes keep Ctrl-C from reaching the parts before demo stops them in
// order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
