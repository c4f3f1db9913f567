//go:build !linux

package envoytest

import "syscall"

// childAttributes are none where the kernel cannot end Envoy with a killed test.
func childAttributes() *syscall.SysProcAttr { return nil }
