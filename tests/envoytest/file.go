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

// Load puts the configuration of a file in the place of b, for edit of Start. Of b it
// keeps the addresses of admin interface, listener and sidecar, the first cluster,
// and the access log, which the file has on /dev/stdout. replace has further texts of
// the file and what they are to be instead, in turn. The caller imports the types of
// the extensions in the file.
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

// AccessLogFile is where the first listener's access log goes.
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
