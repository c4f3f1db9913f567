package translator

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

// A trouble is a known problem of gateways between these APIs and Bedrock. Its index in
// troubles, counted from 1, is the number at the end of the names of its cases.
type trouble struct {
	problem string
	// tests are others than the cases of that number: "openai/base" is a case of a dialect,
	// "extproc.TestFind" a test of a folder, "tests/clients.test_models" one in Python.
	tests []string
	// untested says why there is none.
	untested string
}

var troubles = []trouble{
	{problem: "Claude Code's billing line in the system prompt is a reserved word for Bedrock"},
	{problem: "The same line changes with each call and keeps the prompt cache from hitting"},
	{problem: "A beta that Bedrock does not know fails the call"},
	{problem: "A beta that does not get to Bedrock leaves its feature off without notice"},
	{problem: "A member is sent whose beta was left out"},
	{problem: "A missing, old or invented `anthropic-version` is refused"},
	{problem: "A base URL with or without a path ends at an endpoint that does not exist", tests: []string{"extproc.TestFind", "tests/e2e.TestAnthropicErrors", "tests/e2e.TestPrefixes"}},
	{problem: "Of parallel tool calls in a stream only one survives"},
	{problem: "The results of parallel calls are in several user turns"},
	{problem: "Parallel calls cannot be switched off"},
	{problem: "Tool calls have the index of their block, not of the call"},
	{problem: "A JSON answer is forced by a made-up tool, which mixes with real ones"},
	{problem: "The empty input of a call's start is joined with its pieces"},
	{problem: "`context_management` is refused"},
	{problem: "A lifetime of a cache point is left in the client's form"},
	{problem: "A lifetime of an hour is lost, or sent to a model that has none"},
	{problem: "`cache_control` at the top level is ignored or refused"},
	{problem: "Cache points are dropped because the model is an ARN"},
	{problem: "Cache points in another place or API are not translated"},
	{problem: "New members of tools are refused"},
	{problem: "A history with tool calls comes without tools"},
	{problem: "A thinking budget goes to a model that takes none"},
	{problem: "A thinking budget leaves no tokens for the answer"},
	{problem: "A tool is forced while the model thinks"},
	{problem: "A stream's `message_start` has no usage", tests: []string{"anthropic/stream_text_B54"}},
	{problem: "Usage is counted twice, at the start and at the end of a stream", tests: []string{"anthropic/stream_text_B54", "translator/anthropic.TestWholeIsStreamAddedUp"}},
	{problem: "A system message stands in the middle of the conversation"},
	{problem: "Tool search: references to tools, and results of server tools"},
	{problem: "A server tool is dropped, and the model makes up its result"},
	{problem: "A PDF beside a tool result"},
	{problem: "A document without text"},
	{problem: "Something stands before the tool results of a turn"},
	{problem: "A tool message has content parts"},
	{problem: "Errors, documents, search results and images of tool results are lost"},
	{problem: "Blank text beside calls, and blank results"},
	{problem: "Codex's hosted and grouped tools fail each turn", tests: []string{"tests/e2e.TestResponsesAgent"}},
	{problem: "Custom tools are dropped, or come back as functions"},
	{problem: "The signature of a thought is lost or in the wrong piece"},
	{problem: "Thoughts are sent back in another order or form"},
	{problem: "Tokens are counted for profiles, by estimates, or with an error that clients misread", tests: []string{"internal/bedrock.TestCountBase", "internal/bedrock.TestFoundationModel", "tests/e2e.TestAnthropicCount", "tests/clients.test_count_tokens"}},
	{problem: "Thoughts are sent back while thinking is off, or to another Claude"},
	{problem: "Reasoning has several names in OpenAI's API"},
	{problem: "Encrypted reasoning is lost each turn", tests: []string{"translator/responses.TestSealed", "tests/e2e.TestResponsesAgent"}},
	{problem: "Thoughts in the text are sent back as text, and imitated"},
	{problem: "An answer with status 200 that is none is shown as an empty one"},
	{problem: "A client needs OpenAI's Responses API", tests: []string{"tests/e2e.TestResponses", "tests/e2e.TestResponsesErrors"}},
	{problem: "A failure inside a stream is not repeated, because the status was sent", tests: []string{"tests/e2e.TestFailureBeforeTheFirstEvent", "tests/e2e.TestErrorAsFirstFrame"}},
	{problem: "A chunk with usage that was not asked for, or is missing"},
	{problem: "`stream_options` without a stream"},
	{problem: "Stop reasons in Bedrock's words, or a guardrail that looks like a normal end"},
	{problem: "The last event lacks the output", tests: []string{"translator/responses.TestWholeIsStreamAddedUp"}},
	{problem: "An exception in a stream is skipped, and the stream looks complete", tests: []string{"tests/e2e.TestExceptionsMidStream"}},
	{problem: "The stream's end comes before its usage"},
	{problem: "Text deltas come before the start of their block"},
	{problem: "Redacted thoughts are encoded twice"},
	{problem: "Each message has the same id, and clients join them", tests: []string{"translator/anthropic.TestMessageIDs", "tests/clients.test_text"}},
	{problem: "The arguments of parallel calls are joined"},
	{problem: "A `ping` before `message_start` breaks clients", tests: []string{"translator/anthropic.TestKeepAlive"}},
	{problem: "`temperature` and `top_p` together"},
	{problem: "Clients ask for more tokens than a small model has"},
	{problem: "Unknown parameters fail the call"},
	{problem: "`stop` is empty, null or a string"},
	{problem: "Schemas are rewritten, and the prompt cache misses"},
	{problem: "A tool's blank description is made up"},
	{problem: "A guardrail makes user text the only text that is checked"},
	{problem: "Colons and slashes in paths, escaped once or more", tests: []string{"extproc.TestFind", "tests/e2e.TestNativePaths", "translator/native.TestDecode"}},
	{problem: "Envoy refuses escaped slashes", tests: []string{"tests/e2e.TestNativePaths", "internal/doctor.TestBroken", "internal/doctor.TestExamples"}},
	{problem: "A client's menu of models is empty", tests: []string{"internal/gateway.TestOpenAIModels", "tests/e2e.TestAnthropicModels", "tests/clients.test_models"}},
	{problem: "A model works with InvokeModel and not with Converse", tests: []string{"internal/converseapi.TestHints"}},
	{problem: "Clients and their agents ask for names of their own", tests: []string{"translator.TestAliases", "tests/e2e.TestAliasPatterns"}},
	{problem: "AWS rejects the sidecar's identity, and clients ask for another key", tests: []string{"translator/openaiapi.TestErrorsByStatus", "translator/anthropic.TestErrorsByStatus"}},
}

const troublesHead = `# Known problems

Gateways between these APIs and Bedrock share many problems, which clients and other projects have reported. The number of each one, such as B12, ends the names of the cases that show how it is treated here.
` + "`make generate`" + ` writes this page from the cases and from ` + "`troubles_test.go`" + `, which fails if a test that it names does not exist.

| | problem | cases and tests |
|---|---|---|
`

// TestPageOfTroubles: each trouble has a case or a test that exists, or a reason.
func TestPageOfTroubles(t *testing.T) {
	cases := casesByNumber(t)
	out := bytes.NewBufferString(troublesHead)
	for i, trouble := range troubles {
		names := cases[i+1]
		for _, name := range trouble.tests {
			if link := linkOf(t, name); !slices.Contains(names, link) {
				names = append(names, link)
			}
		}
		if len(names) == 0 && trouble.untested == "" {
			t.Errorf("B%d has neither a test nor a reason why not", i+1)
		}
		if len(names) == 0 {
			names = []string{"none: " + trouble.untested}
		}
		fmt.Fprintf(out, "| B%d | %s | %s |\n", i+1, trouble.problem, strings.Join(names, ", "))
	}
	for n := range cases {
		if n > len(troubles) {
			t.Errorf("there is no trouble B%d, but a case of it", n)
		}
	}
	page.Check(t, "testdata/README.md", out.String(), *update)
}

var numberOfCase = regexp.MustCompile(`_B(\d+)`)

// casesByNumber returns links to the cases of all dialects, by the numbers in their names.
func casesByNumber(t *testing.T) map[int][]string {
	t.Helper()
	files, err := filepath.Glob("*/testdata/*_B*.txtar")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	links := map[int][]string{}
	for _, file := range files {
		for _, found := range numberOfCase.FindAllStringSubmatch(file, -1) {
			n, err := strconv.Atoi(found[1])
			if err != nil {
				t.Fatal(err)
			}
			links[n] = append(links[n], caseLink(file))
		}
	}
	return links
}

func caseLink(file string) string {
	dialect, _, _ := strings.Cut(filepath.ToSlash(file), "/")
	return fmt.Sprintf("[%s/%s](../%s)", dialect, strings.TrimSuffix(filepath.Base(file), ".txtar"), filepath.ToSlash(file))
}

// linkOf returns the link to a case or a test, which must exist.
func linkOf(t *testing.T, name string) string {
	t.Helper()
	folder, test, isTest := strings.Cut(name, ".")
	if !isTest {
		file := filepath.Join(filepath.Dir(name), "testdata", filepath.Base(name)+".txtar")
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return caseLink(file)
	}
	declared := regexp.MustCompile(`(?m)^(func|def) ` + test + `\(`)
	var files []string
	for _, pattern := range []string{"*_test.go", "test_*.py"} {
		matches, err := filepath.Glob(filepath.Join("..", folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matches...)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && declared.Match(text) {
			return fmt.Sprintf("[%s](../%s)", test, filepath.ToSlash(file))
		}
	}
	t.Errorf("there is no test %s in %s", test, folder)
	return name
}
