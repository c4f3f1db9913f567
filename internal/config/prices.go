package config

import (
	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/price"
	"bedrock-extproc/translator"
)

// prices is the section prices.
type prices struct {
	currency string
	models   map[string]translator.Price
}

func (p *prices) keys() []key {
	return []key{
		{"currency", "The currency of all prices, as it appears in metrics and answers.", "`" + price.DefaultCurrency + "`", "EUR", text{&p.currency}},
		{
			"models", "Prices by model: a model id, a name that clients ask for, or a pattern for either. The id that was sent to Bedrock comes first. Names and patterns take precedence as those of `models` do.",
			"none", "{fast: {input: 0.000035, output: 0.00014}}",
			modelPrices{p},
		},
	}
}

// priceTable reads the section into a field.
type priceTable struct{ field *price.Table }

func (v priceTable) read(d *decoder, n *yaml.Node, path string) {
	p := prices{currency: price.DefaultCurrency}
	d.mapping(n, path, nil, p.keys())
	*v.field = price.NewTable(p.currency, p.models)
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
type modelPrices struct{ prices *prices }

func (v modelPrices) read(d *decoder, n *yaml.Node, path string) {
	v.prices.models = map[string]translator.Price{}
	d.entries(n, path, func(name string, n *yaml.Node, path string) {
		var p translator.Price
		d.mapping(n, path, nil, modelPriceKeys(&p))
		v.prices.models[name] = p
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
