package responses

import (
	"testing"

	"bedrock-extproc/tests/goldentest"
)

// TestPageOfCases compares testdata/README.md with the first sentences of the cases.
func TestPageOfCases(t *testing.T) {
	goldentest.CheckList(t, goldentest.Load(t, false), goldentest.KnownProblems, *update)
}

// TestPageRows: the rows of docs/openai-responses.md are those of the cases, and no member is missing.
func TestPageRows(t *testing.T) {
	page := goldentest.FieldPage{
		File: "../../docs/openai-responses.md", Cases: goldentest.Load(t, false), Fields: known, Words: []string{"modelId", "openai_metadata"},
	}
	page.Check(t)
}
