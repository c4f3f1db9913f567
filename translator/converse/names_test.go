package converse

import (
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// names are any texts. Some look like the replacements of others.
func names(r *rand.Rand) []string {
	alphabet := []string{"a", "B", "7", "_", "-", ".", "é", "😀", " ", "/"}
	n := newRenaming("_-", 0)
	var all []string
	for range 200 {
		var b strings.Builder
		for range r.IntN(90) {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		if b.Len() == 0 {
			continue
		}
		stem, sum := n.stem(b.String()), sha256.Sum256([]byte(b.String()))
		all = append(all, b.String(), n.shape(stem, sum), n.shape(stem, sha256.Sum256(sum[:])))
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slices.Sort(all)
	return slices.Compact(all)
}

// TestRenaming: distinct names stay distinct, legal ones stay as they are, and every
// name can be recovered from its replacement.
func TestRenaming(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []*renaming{newRenaming("_-", 0), newRenaming("_", 0), newRenaming("", 9)} {
		all := names(r)
		for _, name := range all {
			n.keep(name)
		}
		sent := map[string]string{}
		for _, name := range all {
			got := n.name(name)
			switch other, taken := sent[got]; {
			case !n.legal(got):
				t.Errorf("%q became %q", name, got)
			case n.legal(name) && got != name:
				t.Errorf("%q needed no change and became %q", name, got)
			case taken:
				t.Errorf("%q and %q are both sent as %q", name, other, got)
			case n.given[got] != name:
				t.Errorf("%q is sent as %q, which is given back as %q", name, got, n.given[got])
			case n.name(name) != got:
				t.Errorf("%q is not sent as %q again", name, got)
			}
			sent[got] = name
		}
	}
}
