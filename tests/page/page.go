// Package page finds the pages that people read, takes them apart, and compares those that
// restate the program with what the program says. Only tests call it.
package page

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Check fails the test if file does not hold want. With update it writes want to file
// first; make generate runs the tests so.
func Check(t *testing.T, file, want string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is stale, run make generate (-want +got):\n%s", file, diff)
	}
}
