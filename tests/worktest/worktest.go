// Package worktest checks that the work of a dialect is linear in what clients and Bedrock
// send. It runs each shape of input at one size and at ten times that size: linear work
// costs 10 times as much, sorting a little more, and quadratic work 100 times. It also has the
// measure for tests of what is kept in memory.
package worktest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	size  = 300
	times = 10
	most  = 15 // the ratio that fails

	// mostBytes is the ratio of bytes that fails: tables grow in steps, up to twice what
	// they need.
	mostBytes = 2 * most

	// little is how often a statement may run at the small size, whatever its ratio: some
	// run only beyond a limit, such as the hundredth warning.
	little = 100 * size
)

// A Shape prepares work on an input of size n: a list, object, text or number that has
// this size.
type Shape func(n int) (work func())

// Memory measures the bytes that each shape allocates.
func Memory(t *testing.T, shapes map[string]Shape) {
	t.Helper()
	if testing.Short() {
		t.Skip("translates megabytes")
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(name, func(t *testing.T) {
			once := Allocated(shapes[name](size))
			if much := Allocated(shapes[name](times * size)); much > mostBytes*once {
				t.Errorf("%d bytes at n = %d, %d at %d n", once, size, much, times)
			}
		})
	}
}

// Allocated measures the bytes that work allocates.
func Allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// The variables with which Steps starts its second process.
const (
	variableShape = "WORK_SHAPE"
	variableSize  = "WORK_SIZE"
)

// instrumented are the packages whose statements are counted.
const instrumented = "bedrock-extproc/translator/...,github.com/go-json-experiment/json/..."

// Steps measures how often each shape runs each statement. Go's coverage counts that, in a
// process of its own for each shape and size: the test calls itself.
func Steps(t *testing.T, shapes map[string]Shape) {
	t.Helper()
	if name, ok := os.LookupEnv(variableShape); ok {
		n, err := strconv.Atoi(os.Getenv(variableSize))
		if err != nil {
			t.Fatal(err)
		}
		shapes[name](n)()
		return
	}
	if testing.Short() {
		t.Skip("builds and starts other processes")
	}
	binary := filepath.Join(t.TempDir(), "work.test")
	build := exec.Command("go", "test", "-c", "-o", binary, "-covermode=count", "-coverpkg="+instrumented, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	test := "^" + t.Name() + "$"
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(name, func(t *testing.T) {
			once, much := steps(t, binary, test, name, size), steps(t, binary, test, name, times*size)
			for place, n := range much {
				if n > most*max(once[place], little) {
					t.Errorf("%s runs %d times at n = %d, %d times at %d n", place, once[place], size, n, times)
				}
			}
		})
	}
}

// steps counts how often one process runs each block of statements, by its place.
func steps(t *testing.T, binary, test, name string, n int) map[string]int {
	t.Helper()
	profile := filepath.Join(t.TempDir(), "profile")
	run := exec.Command(binary, "-test.run="+test, "-test.coverprofile="+profile)
	run.Env = append(os.Environ(), variableShape+"="+name, variableSize+"="+strconv.Itoa(n))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line) // the place, the number of its statements, the count
		if len(fields) == 3 {
			counts[fields[0]], _ = strconv.Atoi(fields[2])
		}
	}
	if len(counts) == 0 {
		t.Fatal("nothing was counted")
	}
	return counts
}
