package kernel

import (
	"os"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	if got, err := parseSchedstat([]byte("103954 22978114 2\n")); err != nil || got != 103954 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseSchedstat([]byte("?\n")); err == nil {
		t.Error("no number is no error")
	}
	status := []byte("Name:\tbedrock-extproc\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t7\n")
	for field, want := range map[string]int64{"VmRSS": 10 << 20, "VmHWM": 20 << 20} {
		if got, err := parseStatus(status, field); err != nil || got != want {
			t.Errorf("%s: %d, %v", field, got, err)
		}
	}
	if _, err := parseStatus(status, "VmSwap"); err == nil {
		t.Error("a missing field is no error")
	}
}

// This process has the CPU time that it burns, and the memory that it takes.
func TestOwnProcess(t *testing.T) {
	pid := os.Getpid()
	before, err := CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := ResetPeak(pid); err != nil {
		t.Fatal(err)
	}
	_, peakBefore, err := Memory(pid)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<20)
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
		for i := 0; i < len(block); i += 1024 {
			block[i]++
		}
	}
	after, err := CPU(pid)
	if err != nil || after-before < 5*time.Millisecond {
		t.Errorf("CPU time %v, %v", after-before, err)
	}
	now, peak, err := Memory(pid)
	if err != nil || now > peak || peak-peakBefore < 50<<20 {
		t.Errorf("%d bytes, peak %d after %d: %v", now, peak, peakBefore, err)
	}
	if _, err := CPU(1 << 30); err == nil {
		t.Error("CPU time of a process that does not exist")
	}
}
