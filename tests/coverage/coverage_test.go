// Package coverage compares docs/coverage.md with the AWS SDK's model of Converse. It
// fails if the page lacks a member of the SDK, or if a member's test case does not have
// it in its place.
package coverage

import (
	"bufio"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/schemas"
	"github.com/aws/smithy-go"
)

// shapes are the structures whose members the page lists, by heading.
func shapes() map[string]*smithy.Schema {
	return map[string]*smithy.Schema{
		"ConverseRequest":             schemas.ConverseRequest,
		"ConverseStreamRequest":       schemas.ConverseStreamRequest,
		"InferenceConfiguration":      schemas.InferenceConfiguration,
		"SystemContentBlock":          schemas.SystemContentBlock,
		"ContentBlock":                schemas.ContentBlock,
		"ToolResultContentBlock":      schemas.ToolResultContentBlock,
		"Tool":                        schemas.Tool,
		"ToolChoice":                  schemas.ToolChoice,
		"ConverseResponse":            schemas.ConverseResponse,
		"TokenUsage":                  schemas.TokenUsage,
		"ConverseStreamOutput":        schemas.ConverseStreamOutput,
		"ContentBlockStart":           schemas.ContentBlockStart,
		"ContentBlockDelta":           schemas.ContentBlockDelta,
		"ReasoningContentBlockDelta":  schemas.ReasoningContentBlockDelta,
		"MessageStopEvent":            schemas.MessageStopEvent,
		"ConverseStreamMetadataEvent": schemas.ConverseStreamMetadataEvent,
	}
}

// newer are members that botocore 1.44.8 has and the SDK does not.
var newer = map[string][]string{
	"ConverseRequest":       {"projectIdentifier"},
	"ConverseStreamRequest": {"projectIdentifier"},
}

// row is a line of the page's tables: a member and its test case.
type row struct{ member, file string }

// readPage returns the rows under each heading.
func readPage(t *testing.T) map[string][]row {
	t.Helper()
	f, err := os.Open("../../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page := map[string][]row{}
	heading := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if h, ok := strings.CutPrefix(line, "## "); ok {
			heading = h
		}
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		page[heading] = append(page[heading], row{strings.Trim(cells[1], " `"), strings.Trim(cells[3], " `")})
	}
	return page
}

func TestPageHasEveryMemberOfTheSDK(t *testing.T) {
	page := readPage(t)
	for name, schema := range shapes() {
		var got []string
		for _, r := range page[name] {
			got = append(got, r.member)
		}
		slices.Sort(got)
		want := append(slices.Collect(maps.Keys(schema.Members())), newer[name]...)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the page has %s\nthe SDK has %s", name, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
	for heading := range page {
		if shapes()[heading] == nil {
			t.Errorf("the SDK's model has no %s", heading)
		}
	}
}
