package price_test

import (
	"testing"

	"bedrock-extproc/internal/price"
	"bedrock-extproc/translator"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "0.003": 3_000_000, "15": 15_000_000_000, "0.000000001": 1, "999999.999999999": 999_999_999_999_999, "1.": 1_000_000_000,
		"": -1, ".": -1, ".5": -1, "-1": -1, "1e3": -1, "1,5": -1, "0.0000000001": -1, "1000000": -1, "0.1.2": -1, "+1": -1, "0x1": -1, "١": -1,
	} {
		got, err := price.Parse(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestOf(t *testing.T) {
	table := price.NewTable("EUR", map[string]translator.Price{"eu.m-1": {Input: 1}, "smart": {Input: 2}, "eu.m-*": {Input: 3}, "gpt*": {Input: 4}})
	for _, c := range []struct {
		id, name string
		want     translator.Price
	}{
		{"eu.m-1", "smart", translator.Price{Currency: "EUR", Input: 1}},
		{"us.m-1", "smart", translator.Price{Currency: "EUR", Input: 2}},
		{"us.m-1", "us.m-1", translator.Price{}},
		{"eu.m-2", "smart", translator.Price{Currency: "EUR", Input: 3}},
		{"us.m-1", "gpt-4o", translator.Price{Currency: "EUR", Input: 4}},
	} {
		if got := table.Of(c.id, c.name); got != c.want {
			t.Errorf("%s as %s: %+v, want %+v", c.id, c.name, got, c.want)
		}
	}
	if got := (price.Table{}).Of("m", "m"); got != (translator.Price{}) {
		t.Errorf("%+v without a table", got)
	}
}
