package config

import (
	"fmt"
	"slices"
	"strings"
)

// suggest names the key that was probably meant, or lists the known ones.
func suggest(got string, known []string) string {
	if best := Nearest(got, known); best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	return "; known: " + join(slices.Sorted(slices.Values(known)))
}

// Nearest is the known name that was probably meant, "" if none is near.
func Nearest(got string, known []string) string {
	best, least := "", len(got)/2+1
	for _, k := range slices.Sorted(slices.Values(known)) {
		if n := distance(got, k); n < least {
			best, least = k, n
		}
	}
	return best
}

// distance is the number of single-letter edits between two words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func join(names []string) string { return strings.Join(names, ", ") }
