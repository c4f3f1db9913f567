package envoytest

import (
	"os"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// Load replaces b with the configuration in a file, for edit of Start. It keeps b's
// addresses of the admin interface, the first listener and the sidecar (the first
// cluster), and its access log file, which replaces /dev/stdout. replace lists further
// pairs of old and new texts in the file. The caller must import the extension types
// that the file uses.
func Load(t testing.TB, b *bootstrapv3.Bootstrap, file string, replace ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer(append(replace, "/dev/stdout", AccessLogFile(t, b))...).Replace(string(text))
	json, err := yaml.YAMLToJSON([]byte(here))
	if err != nil {
		t.Fatal(err)
	}
	was := proto.CloneOf(b)
	proto.Reset(b)
	if err := protojson.Unmarshal(json, b); err != nil {
		t.Fatal(err)
	}
	b.Admin.Address = was.GetAdmin().GetAddress()
	b.GetStaticResources().GetListeners()[0].Address = was.GetStaticResources().GetListeners()[0].GetAddress()
	cluster, own := b.GetStaticResources().GetClusters()[0], was.GetStaticResources().GetClusters()[0]
	address := own.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress()
	cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().Address = address
	cluster.ClusterDiscoveryType = own.GetClusterDiscoveryType()
}

// AccessLogFile returns the file of the first listener's access log.
func AccessLogFile(t testing.TB, b *bootstrapv3.Bootstrap) string {
	t.Helper()
	var manager hcmv3.HttpConnectionManager
	if err := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig().UnmarshalTo(&manager); err != nil {
		t.Fatal(err)
	}
	var file filev3.FileAccessLog
	if err := manager.GetAccessLog()[0].GetTypedConfig().UnmarshalTo(&file); err != nil {
		t.Fatal(err)
	}
	return file.GetPath()
}
