package envoytest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// A Build is a run of "go build".
type Build struct {
	// Dir is the folder in which it runs, "" for that of the tests.
	Dir string
	// Args are flags and packages.
	Args []string
}

// Main is a TestMain that needs programs: it builds them into a folder, which it passes to
// use, and runs the tests. It returns the exit code.
func Main(m *testing.M, use func(dir string), builds ...Build) int {
	dir, err := os.MkdirTemp("", "bedrock-extproc-tests-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, build := range builds {
		cmd := exec.Command("go", append([]string{"build", "-o", dir}, build.Args...)...) //nolint:noctx // there is no test yet whose context could end it
		cmd.Dir = build.Dir
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
			return 1
		}
	}
	use(dir)
	return m.Run()
}

// FreeAddress returns an address of this machine that was just free.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
