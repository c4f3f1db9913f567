package main

import "syscall"

// childAttributes keep Ctrl-C from reaching the parts before demo stops them in
// order, and let the kernel end them should demo itself be killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
