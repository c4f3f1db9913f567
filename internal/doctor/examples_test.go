package doctor

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// The Envoy configurations of the examples have no findings.
func TestExamples(t *testing.T) {
	const root = "../../examples"
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "\nstatic_resources:") {
			return err
		}
		found++
		t.Run(strings.TrimPrefix(path, root+"/"), func(t *testing.T) {
			s := &site{options: Options{APIs: []API{{Name: "gateway", Paths: []string{callPath}}}}}
			if diff := cmp.Diff([]string{}, s.examine(t, bootstrapDump(t, text))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d configurations: %v", found, err)
	}
}

// bootstrapDump returns the dump that Envoy would print for a configuration file.
func bootstrapDump(t *testing.T, text []byte) []byte {
	t.Helper()
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	bootstrap := &bootstrapv3.Bootstrap{}
	if err := lenient.Unmarshal(json, bootstrap); err != nil {
		t.Fatal(err)
	}
	listeners, clusters := &adminv3.ListenersConfigDump{}, &adminv3.ClustersConfigDump{}
	for _, l := range bootstrap.GetStaticResources().GetListeners() {
		listeners.StaticListeners = append(listeners.StaticListeners, &adminv3.ListenersConfigDump_StaticListener{Listener: packed(t, l)})
	}
	for _, c := range bootstrap.GetStaticResources().GetClusters() {
		clusters.StaticClusters = append(clusters.StaticClusters, &adminv3.ClustersConfigDump_StaticCluster{Cluster: packed(t, c)})
	}
	s := &site{version: &typev3.SemanticVersion{MajorNumber: 1, MinorNumber: 40}}
	return dump(t, s.bootstrap(), listeners, clusters)
}
