package kubernetes

import "syscall"

// childAttributes make the kernel kill a process when the thread that started it ends,
// for example because the test was killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
