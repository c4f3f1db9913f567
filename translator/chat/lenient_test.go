package chat

import (
	"testing"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// TestNumbersAsText has, for each JSON value, what a number and a whole number make of
// it. "" leaves it as it is.
func TestNumbersAsText(t *testing.T) {
	for given, want := range map[string]struct{ number, whole string }{
		`"0.7"`:               {"0.7", "0.7"},
		`"100"`:               {"100", "100"},
		`" 100\n"`:            {"100", "100"},
		`"\u0031"`:            {"1", "1"},
		`"1_000"`:             {"1000", "1000"},
		`"100.0"`:             {"100.0", "100.0"},
		`"12345678901234567"`: {"12345678901234567", "12345678901234567"},
		`"+1"`:                {"1", "1"},
		`"-1"`:                {"-1", "-1"},
		`"007"`:               {"7", "7"},
		`".5"`:                {"0.5", "0.5"},
		`"5."`:                {"5", "5"},
		`"1e2"`:               {"1e2", ""},
		`"1E+2"`:              {"1E+2", ""},
		`"1e999"`:             {"", ""},
		`"0x1"`:               {"", ""},
		`"0x1p-2"`:            {"", ""},
		`"inf"`:               {"", ""},
		`"-Infinity"`:         {"", ""},
		`"nan"`:               {"", ""},
		`"_1"`:                {"", ""},
		`"1_"`:                {"", ""},
		`"1__0"`:              {"", ""},
		`"1 0"`:               {"", ""},
		`"1,5"`:               {"", ""},
		`"true"`:              {"", ""},
		`""`:                  {"", ""},
		`" "`:                 {"", ""},
		`"1-"`:                {"", ""},
		`"e"`:                 {"", ""},
		`1`:                   {"", ""},
		`true`:                {"", ""},
		`null`:                {"", ""},
		`["1"]`:               {"", ""},
		``:                    {"", ""},
	} {
		f := converse.Field{Value: rawjson.Value(given), At: "x"}
		for _, c := range []struct {
			what, want string
			got        converse.Field
		}{{"number", want.number, number(f)}, {"whole number", want.whole, wholeNumber(f)}} {
			if c.want == "" {
				c.want = given
			}
			if string(c.got.Value) != c.want || c.got.At != "x" {
				t.Errorf("%s as a %s is %s at %s, want %s", given, c.what, c.got.Value, c.got.At, c.want)
			}
		}
	}
}

func TestBooleansAsText(t *testing.T) {
	for want, all := range map[string][]string{
		"true":  {`true`, `"true"`, `"TRUE"`, `"t"`, `"Yes"`, `"y"`, `"on"`, `"1"`, `1`, `1.0`},
		"false": {`false`, `"false"`, `"False"`, `"f"`, `"no"`, `"n"`, `"off"`, `"0"`, `0`, `0.0`},
		"":      {`2`, `-1`, `0.5`, `"2"`, `"maybe"`, `" true"`, `""`, `null`, `[]`, ``},
	} {
		for _, given := range all {
			expected := want
			if want == "" {
				expected = given
			}
			if got := boolean(converse.Field{Value: rawjson.Value(given)}); string(got.Value) != expected {
				t.Errorf("%s is %s, want %s", given, got.Value, expected)
			}
		}
	}
}
