package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log" //nolint:depguard // the registry asks for this logger
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// index reads the image's file as "crane push" does: a layout with one entry, an index.
func index(t *testing.T) v1.ImageIndex {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xf", filepath.Join(made, "bedrock-extproc_dev_image.tar"), "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 || !manifest.Manifests[0].MediaType.IsIndex() {
		t.Fatalf("%v, %+v", err, manifest)
	}
	inner, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

// The image is valid, can be pushed to a registry and pulled for each Linux platform, and
// has the program of that platform's archive.
func TestImage(t *testing.T) {
	pushed := index(t)
	if err := validate.Index(pushed); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	reference, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/bedrock-extproc:dev")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(reference, pushed); err != nil {
		t.Fatal(err)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		pulled, err := remote.Image(reference, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture}))
		if err != nil {
			t.Fatal(err)
		}
		content := mutate.Extract(pulled)
		files := untar(t, content)
		content.Close()
		archive := archived(t, "linux_"+architecture)
		if !bytes.Equal(files["bedrock-extproc"].content, archive["bedrock-extproc_dev_linux_"+architecture+"/bedrock-extproc"].content) {
			t.Errorf("%s: not the program of the archive", architecture)
		}
		if n := strings.Count(string(files["etc/ssl/certs/ca-certificates.crt"].content), "BEGIN CERTIFICATE"); n < 100 {
			t.Errorf("%s: %d authorities", architecture, n)
		}
		config, err := pulled.ConfigFile()
		if err != nil || config.Architecture != architecture || config.OS != "linux" {
			t.Errorf("%s: %v, %+v", architecture, err, config)
		}
	}
}

// The image and the Dockerfile agree on labels, user, ports and program.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, final, _ := strings.Cut(string(text), "FROM scratch\n")
	config := (&release{version: "${VERSION}", commit: "${COMMIT}"}).imageConfig()
	config.Labels["org.opencontainers.image.created"] = "${DATE}"
	for _, line := range []string{
		"USER " + config.User, "EXPOSE 9002 9003", `ENTRYPOINT ["` + config.Entrypoint[0] + `"]`, "COPY --from=build /bedrock-extproc /bedrock-extproc",
	} {
		if !strings.Contains(final, line+"\n") {
			t.Errorf("the Dockerfile has no %q", line)
		}
	}
	if _, there := config.ExposedPorts["9002/tcp"]; !there || len(config.ExposedPorts) != 2 {
		t.Errorf("ports %v", config.ExposedPorts)
	}
	var labels []string
	for _, match := range regexp.MustCompile(`(org\.opencontainers\S+)=("[^"]*")`).FindAllStringSubmatch(final, -1) {
		var value string
		if err := json.Unmarshal([]byte(match[2]), &value); err != nil || config.Labels[match[1]] != value {
			t.Errorf("label %s is %s, in the image %q", match[1], match[2], config.Labels[match[1]])
		}
		labels = append(labels, match[1])
	}
	if slices.Sort(labels); len(labels) != len(config.Labels) {
		t.Errorf("labels %q, in the image %v", labels, config.Labels)
	}
}
