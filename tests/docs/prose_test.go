package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

// mostWords is what a reader of 220 words a minute reads in ten minutes.
const mostWords = 2200

// looked are the pages in which a reader looks for one heading.
var looked = map[string]string{
	"RATIONALE.md":                       "each heading is one decision, and stands alone",
	"CHANGELOG.md":                       "grows with each release",
	"translator/chat/testdata/README.md": "a list of cases",
}

// A page takes at most ten minutes to read. Tables and blocks are looked at, not read.
func TestReadingTime(t *testing.T) {
	for _, file := range page.All(t, root) {
		words := len(strings.Fields(page.Prose(page.Read(t, file))))
		if words > mostWords && looked[strings.TrimPrefix(file, root+"/")] == "" {
			t.Errorf("%s has %d words, and at most %d are read in ten minutes", file, words, mostWords)
		}
	}
}

// said are sentences that more than one page may have, and why.
var said = map[string]string{
	"Each row of the tables below is shown by a test case, and each name in its second column is in that case.":                                     apiPage,
	"translation.md explains by topic what is checked and repaired for every API, and warnings.md lists the warnings and refusals.":                 apiPage,
	"Any API key will do, unless Envoy checks it; the sidecar never reads it.":                                                                      apiPage,
	"A part of the content may also be a Converse block, such as those of `bedrock.content_blocks` in an earlier answer.":                           apiPage,
	"Each has the name of the agentic gateway's API and Converse's own.":                                                                            apiPage,
	"If the model calls a tool that the request does not declare, or any tool although `tool_choice` is none, the call is left out with a warning.": apiPage,
	"it has no token facts, so token limits do not see it.":                                                                                         apiPage,
}

const apiPage = "readers of an API's page read no other API's page"

var (
	paragraph = regexp.MustCompile(`\n\s*\n|\n\s*(?:[-*]|\d+\.) `)
	linked    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	sentence  = regexp.MustCompile(`[.:!?] `)
)

// No two pages say the same sentence of twelve words or more.
func TestNothingIsSaidTwice(t *testing.T) {
	first := map[string]string{} // the page that says a sentence
	again := map[string]bool{}
	for _, file := range page.All(t, root) {
		if filepath.Base(file) == "CHANGELOG.md" {
			continue // it quotes what pages say
		}
		for _, s := range sentences(page.Prose(page.Read(t, file))) {
			other, found := first[s]
			again[s] = again[s] || found && other != file
			if found && other != file && said[s] == "" {
				t.Errorf("%s and %s both say: %s", other, file, s)
			}
			if !found {
				first[s] = file
			}
		}
	}
	for s := range said {
		if !again[s] {
			t.Errorf("no two pages say, so it needs no exception: %s", s)
		}
	}
}

// sentences are those of twelve words or more.
func sentences(prose string) []string {
	var long []string
	for _, p := range paragraph.Split(prose, -1) {
		text := strings.Join(strings.Fields(linked.ReplaceAllString(p, "$1")), " ")
		for text != "" {
			s, rest := text, ""
			if at := sentence.FindStringIndex(text); at != nil {
				s, rest = text[:at[0]+1], text[at[1]:]
			}
			if len(strings.Fields(s)) >= 12 {
				long = append(long, s)
			}
			text = rest
		}
	}
	return long
}
