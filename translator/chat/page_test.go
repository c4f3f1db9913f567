package chat

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"bedrock-extproc/tests/goldentest"
)

const userPage = "../../docs/translation.md"

// TestPageOfCases compares testdata/README.md with the first sentences of the cases.
func TestPageOfCases(t *testing.T) {
	const numbers = "A number at the end of a name is that of a known problem with Bedrock; cases with the same number show the same problem."
	goldentest.CheckList(t, goldentest.Load(t, false), numbers, *update)
}

var (
	caseLink = regexp.MustCompile(`\]\(\.\./translator/chat/testdata/(\w+)\.txtar\)`)
	example  = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	// ellipsis makes an example JSON: each … becomes an element or a member "…".
	ellipsis = strings.NewReplacer(", …}", `, "…": 0}`, "…", `"…"`)
)

// TestPageExamples compares every example of docs/translation.md with the case that
// its topic links to. A line of an example is "section: JSON", in which … marks what
// was cut; the rest must equal the section.
func TestPageExamples(t *testing.T) {
	text, err := os.ReadFile(userPage)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]*golden{}
	for _, g := range goldens(t) {
		cases[g.Name()] = g
	}
	for _, topic := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(topic, "\n")
		t.Run(title, func(t *testing.T) {
			links, examples := caseLink.FindAllStringSubmatch(body, -1), example.FindAllStringSubmatch(body, -1)
			if len(links) != 1 || len(examples) != 1 || strings.Count(body, "```") != 2 {
				t.Fatalf("%d links to a case and %d examples; a topic has one of each", len(links), len(examples))
			}
			g := cases[links[0][1]]
			if g == nil {
				t.Fatalf("there is no case %s", links[0][1])
			}
			g.checkExample(t, examples[0][1])
		})
	}
}

func (g *golden) checkExample(t *testing.T, lines string) {
	t.Helper()
	var events []any
	for line := range strings.Lines(lines) {
		section, shown, _ := strings.Cut(strings.TrimSpace(line), ": ")
		part := parse(t, []byte(ellipsis.Replace(shown)))
		if section == "event" {
			events = append(events, part)
			continue
		}
		text, ok := g.Section(section + ".json")
		if !ok {
			t.Errorf("%s has no section %s.json", g.File, section)
		} else if !matches(part, parse(t, text)) {
			t.Errorf("%s of the example:\n%s\n%s:\n%s", section, shown, g.File, text)
		}
	}
	if events != nil && !matches(events, g.events(t)) {
		t.Errorf("%s has other events than the example", g.File)
	}
}

// events are the client's events.
func (g *golden) events(t *testing.T) []any {
	t.Helper()
	text, _ := g.Section("client.sse")
	var events []any
	for line := range bytes.Lines(text) {
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			events = append(events, parse(t, data))
		}
	}
	return events
}

func parse(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v, lenient); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}

// matches compares JSON values. "…" in part is any number of elements or members.
func matches(part, whole any) bool {
	switch part := part.(type) {
	case map[string]any:
		object, ok := whole.(map[string]any)
		_, open := part["…"]
		if !ok || !open && len(part) != len(object) {
			return false
		}
		for name, value := range part {
			other, ok := object[name]
			if name != "…" && (!ok || !matches(value, other)) {
				return false
			}
		}
		return true
	case []any:
		list, ok := whole.([]any)
		return ok && matchesList(part, list)
	default:
		return part == whole
	}
}

func matchesList(part, whole []any) bool {
	switch {
	case len(part) == 0:
		return len(whole) == 0
	case part[0] == "…":
		return matchesList(part[1:], whole) || len(whole) > 0 && matchesList(part, whole[1:])
	default:
		return len(whole) > 0 && matches(part[0], whole[0]) && matchesList(part[1:], whole[1:])
	}
}
