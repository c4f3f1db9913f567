// Package price holds the prices of models that the operator has configured. None is
// built in. internal/config fills it in, and internal/gateway looks a price up for the
// model that has answered a call.
package price

import (
	"errors"
	"maps"
	"strconv"
	"strings"

	"bedrock-extproc/translator"
)

// DefaultCurrency is the currency of a table that names none.
const DefaultCurrency = "USD"

// A Table has the prices of models by name: a model id, a name that clients ask for, or a
// pattern as of translator.Aliases. The zero value has no prices. It is immutable.
type Table struct {
	currency string
	prices   map[string]translator.Price
	names    translator.Aliases // from each name and pattern to itself
}

// NewTable returns a table in a currency such as "USD". The prices have none of their own.
func NewTable(currency string, prices map[string]translator.Price) Table {
	names := map[string]string{}
	for name := range prices {
		names[name] = name
	}
	return Table{currency, maps.Clone(prices), translator.NewAliases(names)}
}

// Equal reports whether two tables have the same prices.
func (t Table) Equal(other Table) bool {
	return t.currency == other.currency && maps.Equal(t.prices, other.prices)
}

// Of returns the price of a call: that of the model id that was sent to Bedrock, otherwise
// that of the name that the client asked for. The zero value means that there is none.
func (t Table) Of(modelID, name string) translator.Price {
	for _, n := range []string{modelID, name} {
		if found, _ := t.names.Find(n); found != "" {
			p := t.prices[found]
			p.Currency = t.currency
			return p
		}
	}
	return translator.Price{}
}

// decimals is how many digits a price for 1,000 tokens may have behind its point: so many
// that the price of one token is a whole number of 10⁻¹².
const decimals = 9

// errPrice says what a price looks like.
var errPrice = errors.New("must be a price for 1,000 tokens such as 0.003, with at most 9 decimals, below 1,000,000")

// Parse reads a price for 1,000 tokens, exactly, and returns that of one token in the unit
// of translator.Price.
func Parse(text string) (int64, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > 6 || len(fraction) > decimals || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, errPrice
	}
	return strconv.ParseInt(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
}
