//go:build !linux

package kubernetes

import "syscall"

// childAttributes returns nil: this kernel cannot kill a process with its parent.
func childAttributes() *syscall.SysProcAttr { return nil }
