package identity

import (
	"regexp"

	"bedrock-extproc/translator"
)

// A Guardrail is a guardrail of Bedrock that may depend on who calls.
type Guardrail struct {
	ID, Version Template
	// Trace and StreamMode are Converse's; "" leaves them to Bedrock.
	Trace, StreamMode string
}

// Equal reports whether two guardrails have the same settings.
func (g Guardrail) Equal(other Guardrail) bool {
	return g.ID.Equal(other.ID) && g.Version.Equal(other.Version) && g.Trace == other.Trace && g.StreamMode == other.StreamMode
}

// For is the guardrail for a caller, nil for nil. An error is a *translator.Error:
// a value is missing.
func (g *Guardrail) For(texts map[string]string) (*translator.Guardrail, error) {
	if g == nil {
		return nil, nil
	}
	id, err := g.ID.Needed(texts)
	if err != nil {
		return nil, err
	}
	version, err := g.Version.Needed(texts)
	if err != nil {
		return nil, err
	}
	return &translator.Guardrail{ID: id, Version: version, Trace: g.Trace, StreamMode: g.StreamMode}, nil
}

// Defaults are what a backend adds to requests, as far as it may depend on who
// calls. The zero value adds nothing.
type Defaults struct {
	// RequestMetadata are entries of Bedrock's request metadata.
	RequestMetadata map[string]Template
	// Guardrail is for requests that name none; nil for no guardrail.
	Guardrail *Guardrail
}

// For are the defaults for a caller whom a rule applies to. An error is a
// *translator.Error: a value is missing.
func (d Defaults) For(texts map[string]string, rule Rule) (translator.Defaults, error) {
	var of translator.Defaults
	var err error
	guardrail := d.Guardrail
	if rule.Guardrail != nil {
		guardrail = rule.Guardrail
	}
	if of.Guardrail, err = guardrail.For(texts); err != nil {
		return of, err
	}
	if rule.Guardrail != nil {
		of.Guardrail.Enforced = true
	}
	if len(d.RequestMetadata) > 0 {
		of.RequestMetadata = make(map[string]string, len(d.RequestMetadata))
	}
	for name, t := range d.RequestMetadata {
		of.RequestMetadata[name] = metadataValue(t.Known(texts))
	}
	return of, nil
}

// notInMetadata is what Bedrock refuses in a value of request metadata.
var notInMetadata = regexp.MustCompile(`[^a-zA-Z0-9\s:_@$#=/+,.-]`)

// metadataValue is what Bedrock takes of a value: a whole call would fail over one
// letter of a tag.
func metadataValue(text string) string {
	text = notInMetadata.ReplaceAllString(text, "_")
	return text[:min(len(text), 256)]
}
