// Package price holds the prices of models that the operator has configured. None is
// built in. internal/config fills it in, and internal/gateway looks a price up for the
// model that has answered a call.
package price

import (
	"errors"
	"strconv"
	"strings"

	"bedrock-extproc/translator"
)

// DefaultCurrency is the currency of a table that names none.
const DefaultCurrency = "USD"

// A Table has the prices of models by name: a model id, or a name that clients ask for. The
// zero value has no prices. It is read-only.
type Table struct {
	// Currency is that of all prices, such as "USD".
	Currency string
	// Models have no Currency of their own.
	Models map[string]translator.Price
}

// Of returns the price of a call: that of the model id that was sent to Bedrock, otherwise
// that of the name that the client asked for. The zero value means that there is none.
func (t Table) Of(modelID, name string) translator.Price {
	for _, n := range []string{modelID, name} {
		if p, ok := t.Models[n]; ok {
			p.Currency = t.Currency
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
