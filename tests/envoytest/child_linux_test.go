package envoytest

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestKilledTest runs itself as a process with an Envoy and kills the process.
func TestKilledTest(t *testing.T) {
	if os.Getenv("ENVOYTEST_WAIT") != "" {
		fmt.Println("admin", Start(t, noSidecar, nil).Admin)
		select {}
	}
	test := exec.Command(os.Args[0], "-test.run=^TestKilledTest$")
	test.Env = append(os.Environ(), "ENVOYTEST_WAIT=1", "TMPDIR="+t.TempDir())
	stdout, err := test.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := test.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	_ = test.Process.Kill() // regardless of its output
	_ = test.Wait()
	admin, ok := strings.CutPrefix(strings.TrimSpace(line), "admin ")
	if err != nil || !ok {
		t.Fatalf("got %q, %v", line, err)
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(admin)
		if err != nil {
			return
		}
		resp.Body.Close()
	}
	t.Error("Envoy has outlived the killed test")
}
