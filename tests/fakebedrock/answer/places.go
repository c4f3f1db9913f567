package answer

import (
	"regexp"
	"strings"
)

const capitalised = `\p{Lu}[\p{L}.'-]*(?:\s+\p{Lu}[\p{L}.'-]*)*`

var (
	placeList  = regexp.MustCompile(`\b(?:in|at|for|from|to|near|of|between|around)\s+(` + capitalised + `(?:(?:\s*,\s*|\s+)(?:and|or|to|&)?\s*` + capitalised + `)*)`)
	placeSplit = regexp.MustCompile(`\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|to|&)\s+`)
	state      = regexp.MustCompile(`(\p{Ll}),\s*(\p{Lu}{2})\b`)
	lowerPlace = regexp.MustCompile(`(?i)\b(?:weather|temperature|forecast|time|population)\b.*?\b(?:in|at|for|of)\s+([\p{L}'-]+(?:\s+and\s+[\p{L}'-]+)*)`)
)

// placesIn returns the geographic places in a text, such as Seattle in "the weather in
// Seattle".
func placesIn(text string) []string {
	var places []string
	for _, found := range placeList.FindAllStringSubmatch(text, -1) {
		places = appendPlaces(places, found[1])
	}
	if len(places) > 0 {
		return places
	}
	if found := lowerPlace.FindStringSubmatch(text); found != nil {
		return appendPlaces(nil, found[1])
	}
	return nil
}

// appendPlaces adds the places of a list. A state belongs to its city: "San Francisco, CA".
func appendPlaces(places []string, list string) []string {
	const comma = "\x00"
	for _, place := range placeSplit.Split(state.ReplaceAllString(list, "$1"+comma+"$2"), -1) {
		if place = strings.Trim(place, " .'-"); place != "" {
			places = append(places, strings.ReplaceAll(place, comma, ", "))
		}
	}
	return places
}
