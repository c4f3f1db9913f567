package config

import (
	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/price"
	"bedrock-extproc/translator"
)

func pricesKeys(t *price.Table) []key {
	t.Currency = price.DefaultCurrency
	return []key{
		{"currency", "The currency of all prices, as it appears in metrics and answers.", "`" + price.DefaultCurrency + "`", "EUR", text{&t.Currency}},
		{
			"models", "Prices by model: a model id, or a name that clients ask for. The id that was sent to Bedrock comes first.",
			"none", "{fast: {input: 0.000035, output: 0.00014}}",
			modelPrices{t},
		},
	}
}

func modelPriceKeys(p *translator.Price) []key {
	return []key{
		{"input", "The price of 1,000 input tokens, without those of a prompt cache.", "`0`", "0.003", perThousand{&p.Input}},
		{"output", "The price of 1,000 output tokens.", "`0`", "0.015", perThousand{&p.Output}},
		{"cache_read", "The price of 1,000 tokens read from a prompt cache.", "`0`", "0.0003", perThousand{&p.CacheRead}},
		{"cache_write", "The price of 1,000 tokens written to a prompt cache.", "`0`", "0.00375", perThousand{&p.CacheWrite}},
	}
}

// modelPrices are prices by model.
type modelPrices struct{ table *price.Table }

func (v modelPrices) read(d *decoder, n *yaml.Node, path string) {
	v.table.Models = map[string]translator.Price{}
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		var p translator.Price
		d.mapping(n, path, nil, modelPriceKeys(&p))
		v.table.Models[name] = p
	})
}

// perThousand is a decimal number, a price for 1,000 tokens.
type perThousand struct{ field *int64 }

func (v perThousand) read(d *decoder, n *yaml.Node, path string) {
	got, _ := d.text(n, path)
	p, err := price.Parse(got)
	if err != nil {
		d.problem(path, "%v, not %q", err, got)
		return
	}
	*v.field = p
}
