package chat

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// The gateway's own server reads requests with pydantic, which also accepts numbers and
// booleans as text: https://docs.pydantic.dev/latest/concepts/conversion_table/. The
// functions here replace such text by the number or the boolean. They leave any other
// value to converse, which refuses it.

// number reads a member that must be a number. Text with NaN or infinity is left as it
// is, since JSON has no such numbers.
func number(f converse.Field) converse.Field {
	if n := numberInText(f.Value); n != nil {
		f.Value = n
	}
	return f
}

// wholeNumber is number for a member that must be a whole number. Pydantic accepts no
// exponent in its text.
func wholeNumber(f converse.Field) converse.Field {
	if n := numberInText(f.Value); n != nil && !strings.ContainsAny(rawjson.Text(f.Value), "eE") {
		f.Value = n
	}
	return f
}

// maxNumberText bounds what is read as a number, in bytes.
const maxNumberText = 100

// numberInText is nil unless v is a string with a decimal number in it. The number keeps
// its digits where JSON allows them.
func numberInText(v rawjson.Value) rawjson.Value {
	if rawjson.Kind(v) != '"' || len(v) > maxNumberText {
		return nil
	}
	text := withoutUnderscores(strings.TrimSpace(rawjson.Text(v)))
	if strings.Trim(text, "+-.0123456789eE") != "" {
		return nil // hexadecimal, NaN or infinity
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) {
		return nil
	}
	if rawjson.Check([]byte(text)) == nil {
		return rawjson.Value(text)
	}
	return strconv.AppendFloat(nil, n, 'f', -1, 64) // such as 007, +1 or .5
}

// withoutUnderscores removes single underscores between other characters, as in 1_000.
func withoutUnderscores(text string) string {
	if strings.HasPrefix(text, "_") || strings.HasSuffix(text, "_") || strings.Contains(text, "__") {
		return text
	}
	return strings.ReplaceAll(text, "_", "")
}

var (
	trueTexts  = []string{"true", "t", "yes", "y", "on", "1"}
	falseTexts = []string{"false", "f", "no", "n", "off", "0"}
)

// boolean reads a member that must be true or false.
func boolean(f converse.Field) converse.Field {
	text := ""
	switch rawjson.Kind(f.Value) {
	case '"':
		text = strings.ToLower(rawjson.Text(f.Value))
	case '0':
		text = strings.TrimSuffix(string(f.Value), ".0")
	default:
		return f
	}
	switch {
	case slices.Contains(trueTexts, text):
		f.Value = rawjson.Value("true")
	case slices.Contains(falseTexts, text):
		f.Value = rawjson.Value("false")
	}
	return f
}
