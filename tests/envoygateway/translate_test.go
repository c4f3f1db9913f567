package envoygateway

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/envoytest"
	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const example = "../../examples/envoy-gateway"

// programs is the folder with the programs that TestMain builds. egctl is Envoy
// Gateway's command; EGCTL selects another version.
var programs, egctl string

func TestMain(m *testing.M) {
	builds := []envoytest.Build{{Dir: "../..", Args: []string{"./cmd/bedrock-extproc", "./examples/envoy/issuer"}}}
	if egctl = os.Getenv("EGCTL"); egctl == "" {
		builds = append(builds, envoytest.Build{Args: []string{"github.com/envoyproxy/gateway/cmd/egctl"}})
	}
	os.Exit(envoytest.Main(m, func(dir string) {
		programs, egctl = dir, cmp.Or(egctl, filepath.Join(dir, "egctl"))
	}, builds...))
}

// translation is Envoy Gateway's output for the example.
type translation struct {
	// conditions are the conditions of all resources, as "kind/type=status: message".
	conditions []string
	listener   *listenerv3.Listener
	routes     *routev3.RouteConfiguration
	clusters   []*clusterv3.Cluster
	endpoints  map[string]*endpointv3.ClusterLoadAssignment
	dump       []byte
}

// objects returns all files of the example, joined, with a certificate for its host.
func objects(t *testing.T, keys string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(example, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		all.Write(read(t, file))
		all.WriteString("\n---\n")
	}
	encode := base64.StdEncoding.EncodeToString
	fmt.Fprintf(&all, `apiVersion: v1
kind: Secret
metadata: {name: llm-example-com, namespace: bedrock}
type: kubernetes.io/tls
data: {tls.crt: %s, tls.key: %s}
`, encode(read(t, filepath.Join(keys, "tls.crt"))), encode(read(t, filepath.Join(keys, "tls.key"))))
	return all.String()
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// translate runs egctl.
func translate(t *testing.T, objects string) *translation {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(objects), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(egctl, "x", "translate", "--from", "gateway-api", "--to", "gateway-api,xds", "-o", "json", "-f", file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	x := &translation{endpoints: map[string]*endpointv3.ClusterLoadAssignment{}}
	x.readXDS(t, all["xds"])
	delete(all, "xds")
	for kind, text := range all {
		x.readConditions(t, kind, text)
	}
	return x
}

// readConditions collects all conditions, at any depth.
func (x *translation) readConditions(t *testing.T, kind string, text json.RawMessage) {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			if v["type"] != nil && v["status"] != nil && v["reason"] != nil {
				x.conditions = append(x.conditions, fmt.Sprintf("%s/%s=%s: %s", kind, v["type"], v["status"], v["message"]))
			}
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(value)
}

func (x *translation) readXDS(t *testing.T, text json.RawMessage) {
	t.Helper()
	var byGateway map[string]json.RawMessage
	if err := json.Unmarshal(text, &byGateway); err != nil || len(byGateway) != 1 {
		t.Fatalf("%d gateways, %v", len(byGateway), err)
	}
	for _, x.dump = range byGateway {
	}
	var dump adminv3.ConfigDump
	if err := protojson.Unmarshal(x.dump, &dump); err != nil {
		t.Fatal(err)
	}
	for _, part := range dump.GetConfigs() {
		m, err := part.UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		x.keep(t, m)
	}
}

func (x *translation) keep(t *testing.T, m proto.Message) {
	t.Helper()
	switch m := m.(type) {
	case *adminv3.ListenersConfigDump:
		for _, l := range m.GetDynamicListeners() {
			listener := unpack(t, l.GetActiveState().GetListener(), &listenerv3.Listener{})
			if listener.GetName() == "bedrock/bedrock/https" {
				x.listener = listener
			}
		}
	case *adminv3.RoutesConfigDump:
		x.routes = unpack(t, m.GetDynamicRouteConfigs()[0].GetRouteConfig(), &routev3.RouteConfiguration{})
	case *adminv3.ClustersConfigDump:
		for _, c := range m.GetDynamicActiveClusters() {
			x.clusters = append(x.clusters, unpack(t, c.GetCluster(), &clusterv3.Cluster{}))
		}
	case *adminv3.EndpointsConfigDump:
		for _, e := range m.GetDynamicEndpointConfigs() {
			of := unpack(t, e.GetEndpointConfig(), &endpointv3.ClusterLoadAssignment{})
			x.endpoints[of.GetClusterName()] = of
		}
	}
}

func unpack[M proto.Message](t *testing.T, from *anypb.Any, to M) M {
	t.Helper()
	if err := from.UnmarshalTo(to); err != nil {
		t.Fatal(err)
	}
	return to
}

// manager returns the listener's connection manager.
func (x *translation) manager(t *testing.T) *hcmv3.HttpConnectionManager {
	t.Helper()
	return unpack(t, x.listener.GetFilterChains()[0].GetFilters()[0].GetTypedConfig(), &hcmv3.HttpConnectionManager{})
}

// cluster returns the cluster whose name contains part.
func (x *translation) cluster(t *testing.T, part string) *clusterv3.Cluster {
	t.Helper()
	for _, c := range x.clusters {
		if strings.Contains(c.GetName(), part) {
			return c
		}
	}
	t.Fatalf("no cluster %q", part)
	return nil
}
