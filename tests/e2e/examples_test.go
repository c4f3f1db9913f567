package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3" // types that the examples name
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// examples is the folder with the examples for Envoy.
const examples = "../../examples/envoy"

// example is one of them, as it runs here.
type example struct {
	*system
	dir  string // of the example
	keys string // folder that stands for "keys"
	tls  bool
}

// startExample starts Envoy with the configuration of an example and the sidecar
// with the one beside it. Only addresses and the folders of files are others.
// edit may change more, nil leaves it; flags are the sidecar's.
func startExample(t *testing.T, name string, edit func(*bootstrapv3.Bootstrap), flags ...string) *example {
	t.Helper()
	x := &example{dir: filepath.Join(examples, name), keys: t.TempDir()}
	if config := filepath.Join(x.dir, "config.yaml"); exists(config) {
		flags = append(flags, "-config", config)
	}
	x.token(t) // makes the keys
	x.system = startWith(t, func(b *bootstrapv3.Bootstrap) {
		x.load(t, b)
		if edit != nil {
			edit(b)
		}
	}, nil, flags...)
	if x.tls {
		x.envoy.URL = strings.Replace(x.envoy.URL, "http://", "https://", 1)
	}
	return x
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// load puts the example in the place of b, and keeps b's addresses.
func (x *example) load(t *testing.T, b *bootstrapv3.Bootstrap) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(x.dir, "envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer("keys/", x.keys+"/", "/dev/stdout", accessLogOf(t, b)).Replace(string(text))
	json, err := yaml.YAMLToJSON([]byte(here))
	if err != nil {
		t.Fatal(err)
	}
	was := proto.CloneOf(b)
	proto.Reset(b)
	if err := protojson.Unmarshal(json, b); err != nil {
		t.Fatal(err)
	}
	x.tls = b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetTransportSocket() != nil
	b.Admin.Address = was.GetAdmin().GetAddress()
	b.GetStaticResources().GetListeners()[0].Address = was.GetStaticResources().GetListeners()[0].GetAddress()
	cluster, own := b.GetStaticResources().GetClusters()[0], was.GetStaticResources().GetClusters()[0]
	address := own.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress()
	cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().Address = address
	cluster.ClusterDiscoveryType = own.GetClusterDiscoveryType()
}

func accessLogOf(t *testing.T, b *bootstrapv3.Bootstrap) string {
	t.Helper()
	var manager hcmv3.HttpConnectionManager
	unpack(t, b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig(), &manager)
	var file filev3.FileAccessLog
	unpack(t, manager.GetAccessLog()[0].GetTypedConfig(), &file)
	return file.GetPath()
}

// token runs the examples' own issuer.
func (x *example) token(t *testing.T, flags ...string) string {
	t.Helper()
	out, err := exec.Command(issuer, append([]string{"-keys", x.keys}, flags...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// client trusts the example's certificate.
func (x *example) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(x.keys, "tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	var p http.Protocols
	p.SetHTTP1(!http2)
	p.SetHTTP2(http2)
	return &http.Client{Transport: &http.Transport{
		Protocols: &p, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12},
	}}
}
