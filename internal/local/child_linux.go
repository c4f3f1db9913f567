package local

import "syscall"

// childAttributes keep Ctrl-C from reaching the processes, so that Run stops them in
// order. The kernel kills them if the thread that started them ends: see Run.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
