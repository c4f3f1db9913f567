package envoytest

import "syscall"

// childAttributes have the kernel end a process when the thread that started it ends,
// as it does when the test is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
