package page

import (
	"regexp"
	"strings"
)

// masks are what differs from run to run: ids, times and durations.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\b(chatcmpl-|msg_|resp_|tooluse_)[\w-]+`), "${1}ID"},
	{regexp.MustCompile(`"(latency_ms|created|created_at|duration|upload|bedrock_wait|overhead|first_byte|first_token)":[0-9.]+`), `"$1":0`},
	{regexp.MustCompile(`[0-9.]+ (ns|µs|ms|s)\b`), "TIME"},
	{regexp.MustCompile(` {2,}`), " "}, // columns are as wide as their widest number
	{regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)`), "TIME"},
}

// mask replaces what differs from run to run.
func mask(text string) string {
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	return text
}

var wrapped = regexp.MustCompile(`\n\s*`)

// Expected reports whether a program's output is what the block of a page shows. Ids and
// times may differ. … stands for any text in its line, and alone in a line for any lines.
// A block of JSON may be wrapped. The zero block expects anything.
func (b Block) Expected(output string) bool {
	want, got := mask(b.Text), mask(output)
	if b.Lang == "json" {
		want, got = wrapped.ReplaceAllString(want, ""), wrapped.ReplaceAllString(got, "")
	}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		rest := ".*"
		if line == "…" {
			rest = "(?s:.*)"
		}
		lines = append(lines, strings.ReplaceAll(regexp.QuoteMeta(line), "…", rest))
	}
	return b.Text == "" || regexp.MustCompile("^"+strings.Join(lines, "\n")+"$").MatchString(strings.TrimSpace(got))
}
