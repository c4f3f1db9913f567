package cause

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/causes.md")

const pageHead = `# Failed steps towards Bedrock

<!-- Written by "go test ./internal/cause -update" from internal/cause/steps.go. -->

A call can fail before Bedrock answers it: while credentials are fetched, in STS, DNS, a proxy, TLS or the connection. The sidecar then logs one line at level
warn for each attempt, "a step of a call to AWS failed", with ` + "`request_id`, `backend`, `region`, `class`, `cause`, `error`, `retryable` and `attempt`" + `.
The cause has addresses and AWS's own words. Keys, tokens, signatures, external ids and the paths of URLs are removed from it.

The client's error has the same class as ` + "`error.class`" + ` and says in its message what went wrong, without addresses. The log line of the request has it as ` + "`class`" + `.
` + "`retryable`" + ` is false where only an operator's change can help.

A backend that cannot be reached, whatever the reason, leaves its calls to its fallbacks. So does a backend whose credentials cannot be fetched for now.
Credentials that AWS refuses, such as an AssumeRole that is denied, end the call: AWS may have refused just this caller, whom a fallback must not serve.

| class | what went wrong | retryable | what to do |
|---|---|---|---|
`

// docs/causes.md is the table.
func TestPage(t *testing.T) {
	var page strings.Builder
	page.WriteString(pageHead)
	for _, s := range Steps() {
		if s.Class == "" || s.Text == "" || s.Fix == "" {
			t.Errorf("incomplete: %+v", s)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %v | %s |\n", s.Class, s.Text, s.Retryable, s.Fix)
	}
	const file = "../../docs/causes.md"
	if *update {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != page.String() {
		t.Errorf("%s is not that of the table (%v): run the test with -update", file, err)
	}
}
