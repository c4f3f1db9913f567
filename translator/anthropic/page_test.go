package anthropic

import (
	"testing"

	"bedrock-extproc/tests/goldentest"
)

// TestPageOfCases compares testdata/README.md with the first sentences of the cases.
func TestPageOfCases(t *testing.T) {
	goldentest.CheckList(t, goldentest.Load(t, false), goldentest.KnownProblems, *update)
}

// TestPageRows: the rows of docs/anthropic.md are those of the cases, and no member is missing.
func TestPageRows(t *testing.T) {
	page := goldentest.FieldPage{
		File: "../../docs/anthropic.md", Cases: goldentest.Load(t, false), Fields: known, Words: []string{"modelId", "anthropic_betas"},
	}
	page.Check(t)
}
