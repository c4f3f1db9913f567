package main

import (
	"io"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// writeSBOM lists the modules in a program as CycloneDX JSON. The list has no serial number
// and the time of the commit, so equal programs have equal lists.
func (r *release) writeSBOM(binary, to string) error {
	generator, err := bin.NewGenerator(binary, bin.WithVersionOverride("v"+r.version), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return err
	}
	bom, err := generator.Generate()
	if err != nil {
		return err
	}
	bom.Metadata.Timestamp = r.date.Format(time.RFC3339)
	return create(to, func(w io.Writer) error {
		encoder := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON)
		encoder.SetPretty(true)
		return encoder.Encode(bom)
	})
}
