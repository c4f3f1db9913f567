package docs

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

// The table of sizes follows from the numbers of its page: Go keeps to 90 % of the limit,
// bodies take half of that, the idle process and bodies' margin 99 MiB, a stream 96 KiB.
func TestSizes(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (\d+) ([MG])iB \| (\d+) MiB \| ([\d,]+) \|$`).FindAllStringSubmatch(page.Read(t, "../../docs/limits.md"), -1)
	if len(rows) != 4 {
		t.Errorf("%d rows", len(rows))
	}
	number := func(text string) int {
		n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, row := range rows {
		mebibytes := number(row[1])
		if row[2] == "G" {
			mebibytes *= 1024
		}
		heap := mebibytes * 9 / 10
		bodies := heap / 2
		streams := (heap - bodies - 40 - 64) * 1024 / 72
		if bodies != number(row[3]) || streams/10*10 != number(row[4]) {
			t.Errorf("%s: %d MiB for bodies and %d streams", row[0], bodies, streams)
		}
	}
}
