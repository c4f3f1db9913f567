package client

import "fmt"

// cost is what a call has cost, by the prices in the sidecar's configuration.
type cost struct {
	Currency string
	Micros   *int64 // millionths of the currency's unit; nil if it is not known
}

// String is the cost for readers, "" if it is not known.
func (c cost) String() string {
	if c.Micros == nil {
		return ""
	}
	return fmt.Sprintf("%d.%06d %s", *c.Micros/1e6, *c.Micros%1e6, c.Currency)
}
