package identity

import (
	"regexp"

	"bedrock-extproc/translator"
)

// A Guardrail is a Bedrock guardrail that may depend on the caller.
type Guardrail struct {
	ID, Version Template
	// Trace and StreamMode are as in Converse; "" leaves them to Bedrock.
	Trace, StreamMode string
}

// Equal reports whether two guardrails have the same settings.
func (g Guardrail) Equal(other Guardrail) bool {
	return g.ID.Equal(other.ID) && g.Version.Equal(other.Version) && g.Trace == other.Trace && g.StreamMode == other.StreamMode
}

// For returns the guardrail for a caller; nil if g is nil. An error, a
// *translator.Error, means that a value is missing.
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

// Defaults are a backend's additions to requests. Templates make them depend on the
// caller. The zero value adds nothing.
type Defaults struct {
	// RequestMetadata are entries of Bedrock's request metadata.
	RequestMetadata map[string]Template
	// Guardrail is for requests that name none; nil for no guardrail.
	Guardrail *Guardrail
}

// For returns the defaults for a caller to whom the rule applies. An error, a
// *translator.Error, means that a value is missing.
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

// notInMetadata matches what Bedrock rejects in a value of request metadata.
var notInMetadata = regexp.MustCompile(`[^a-zA-Z0-9\s:_@$#=/+,.-]`)

// metadataValue makes a value acceptable to Bedrock: otherwise one character of a tag
// would fail the call.
func metadataValue(text string) string {
	text = notInMetadata.ReplaceAllString(text, "_")
	return text[:min(len(text), 256)]
}
