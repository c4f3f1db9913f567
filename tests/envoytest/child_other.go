//go:build !linux

package envoytest

import "syscall"

// childAttributes are none where the kernel cannot end a process with a killed test.
func childAttributes() *syscall.SysProcAttr { return nil }
