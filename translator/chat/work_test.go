package chat

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

// The tests below translate every shape at n and at 10 n. Linear work makes the second
// cost 10 times as much, sorting a little more, and quadratic work 100 times.
const (
	workSize  = 300
	workTimes = 10
	workMost  = 15 // the ratio that fails

	// workLittle is how often a statement may run at n, whatever its ratio: some run only
	// beyond a limit, such as the hundredth warning.
	workLittle = 100 * workSize
)

// shapes are requests and answers with one list, object, text or number of a size.
func shapes() map[string]shape {
	all := requestShapes()
	maps.Copy(all, answerShapes())
	return all
}

// A shape prepares the translation of an input of size n.
type shape func(n int) (translate func())

// TestMemoryIsLinear measures the bytes that a translation allocates.
func TestMemoryIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("translates megabytes")
	}
	for _, name := range slices.Sorted(maps.Keys(shapes())) {
		t.Run(name, func(t *testing.T) {
			once := allocated(shapes()[name](workSize))
			if times := allocated(shapes()[name](workTimes * workSize)); times > workMost*once {
				t.Errorf("%d bytes at n = %d, %d at %d n", once, workSize, times, workTimes)
			}
		})
	}
}

func allocated(translate func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	translate()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// The variables with which TestStepsAreLinear starts its second process.
const (
	workShape = "WORK_SHAPE"
	workN     = "WORK_N"
)

// instrumented are the packages whose statements are counted.
const instrumented = "bedrock-extproc/translator/...,github.com/go-json-experiment/json/..."

// TestStepsAreLinear measures how often a translation runs each statement. Go's coverage
// counts that, in a process of its own for each shape and size.
func TestStepsAreLinear(t *testing.T) {
	if testing.Short() || os.Getenv(workShape) != "" {
		t.Skip("builds and starts other processes")
	}
	binary := filepath.Join(t.TempDir(), "work.test")
	build := exec.Command("go", "test", "-c", "-o", binary, "-covermode=count", "-coverpkg="+instrumented, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range slices.Sorted(maps.Keys(shapes())) {
		t.Run(name, func(t *testing.T) {
			once, times := steps(t, binary, name, workSize), steps(t, binary, name, workTimes*workSize)
			for place, n := range times {
				if n > workMost*max(once[place], workLittle) {
					t.Errorf("%s runs %d times at n = %d, %d times at %d n", place, once[place], workSize, n, workTimes)
				}
			}
		})
	}
}

// steps counts how often one process runs each block of statements, by its place.
func steps(t *testing.T, binary, name string, n int) map[string]int {
	t.Helper()
	profile := filepath.Join(t.TempDir(), "profile")
	run := exec.Command(binary, "-test.run=^TestOneShape$", "-test.coverprofile="+profile)
	run.Env = append(os.Environ(), workShape+"="+name, workN+"="+strconv.Itoa(n))
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

// TestOneShape is what the second process runs.
func TestOneShape(t *testing.T) {
	shape, ok := shapes()[os.Getenv(workShape)]
	if !ok {
		t.Skip("only TestStepsAreLinear runs it")
	}
	n, err := strconv.Atoi(os.Getenv(workN))
	if err != nil {
		t.Fatal(err)
	}
	shape(n)()
}
