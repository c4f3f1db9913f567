// Package compatibility writes docs/compatibility.md: which versions were run, out of the
// files that decide which versions run.
package compatibility

//go:generate go test . -run TestPage -update
