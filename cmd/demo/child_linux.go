package main

import "syscall"

// childAttributes keep Ctrl-C from reaching the processes, so that demo stops them in
// order. The kernel kills them if demo itself is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
