package main

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// writeImage writes the image of all Linux platforms as an OCI layout in a tar file. It
// writes nothing if none of the platforms is Linux.
func (r *release) writeImage() error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range r.platforms {
		system, architecture, _ := strings.Cut(platform, "_")
		if system != "linux" {
			continue
		}
		image, err := r.image(platform, architecture)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: architecture}},
		})
	}
	if manifest, err := index.IndexManifest(); err != nil || len(manifest.Manifests) == 0 {
		return err
	}
	return r.writeLayout(index)
}

// writeLayout writes an index as a layout with one entry, as tools expect it, which has
// the version as its name.
func (r *release) writeLayout(index v1.ImageIndex) error {
	folder, err := os.MkdirTemp("", "bedrock-extproc-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system cleans its temporary folder
	to, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	if err := to.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return err
	}
	files, err := readFiles(folder, ".")
	if err != nil {
		return err
	}
	return create(filepath.Join(r.out, r.name("image")+".tar"), func(w io.Writer) error { return writeTar(w, files, r.date) })
}

// image is the image for one architecture. It equals what the Dockerfile describes; a test
// compares the two.
func (r *release) image(platform, architecture string) (v1.Image, error) {
	binary, err := os.ReadFile(r.program(platform))
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	files := []file{{program, 0o755, binary}, {"etc/ssl/certs/ca-certificates.crt", 0o644, authorities()}}
	if err := writeTar(&content, files, r.date); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression),
	)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: r.date}
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "make release"}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", architecture, created
	config.Config = r.imageConfig()
	return mutate.ConfigFile(image, config)
}

func (r *release) imageConfig() v1.Config {
	return v1.Config{
		User:         "65532:65532",
		ExposedPorts: map[string]struct{}{"9002/tcp": {}, "9003/tcp": {}},
		Entrypoint:   []string{"/" + program},
		Labels: map[string]string{
			"org.opencontainers.image.title":    program,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.version":  r.version,
			"org.opencontainers.image.revision": r.commit,
			"org.opencontainers.image.created":  r.date.Format("2006-01-02T15:04:05Z07:00"),
		},
	}
}

// authorities are the certificates of public authorities, from the module that go.sum
// pins, as PEM. A PEM file cannot express the constraints of some of them; these are left out.
func authorities() []byte {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			all.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return all.Bytes()
}
