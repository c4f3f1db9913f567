package doctor

import (
	"bytes"
	"errors"
	"testing"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	luav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/anypb"
)

// Custom builds of Envoy have unknown extensions. They are skipped, and their
// filters keep their position in the chain.
func TestUnknownTypes(t *testing.T) {
	s := goodSite(t)
	s.insert(0, httpFilter(t, "acme", &luav3.Lua{DefaultSourceCode: nil, StatPrefix: "replaced"}))
	s.insert(2, httpFilter(t, "envoy.filters.http.wasm", &luav3.Lua{StatPrefix: "replaced"}))
	s.insert(0, httpFilter(t, "envoy.filters.http.ext_proc/x", &luav3.Lua{StatPrefix: "replaced"}))
	dump := s.staticDump(t)
	dump = bytes.ReplaceAll(dump, []byte("envoy.extensions.filters.http.lua.v3.Lua"), []byte("acme.Filter"))
	dump = bytes.ReplaceAll(dump, []byte(`"stat_prefix":"replaced"`), []byte(`"deep":[{"@type":"type.googleapis.com/acme.Other","x":1}],"value":7`))
	dump = bytes.ReplaceAll(dump, []byte(`"request_body_mode"`), []byte(`"mode_of_tomorrow":"HOLOGRAM","request_body_mode"`))
	if n := bytes.Count(dump, []byte("acme.Other")); n != 3 {
		t.Fatalf("%d unknown extensions in the dump", n)
	}
	want := []string{
		`filter-unread: listener "bedrock", filter "envoy.filters.http.ext_proc/x": its configuration is unknown (type "type.googleapis.com/acme.Filter")`,
		"filter-order-others: " + filterWhere + `: these filters come after it and never run for requests: "envoy.filters.http.wasm"`,
	}
	if diff := cmp.Diff(want, s.examine(t, dump)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// Resources from a control plane give the same findings, marked if from ECDS.
func TestFromECDS(t *testing.T) {
	s := goodSite(t)
	s.config.FailureModeAllow = true
	want := []string{"failure-mode: " + filterWhere + " (from ECDS): failure_mode_allow is true"}
	if diff := cmp.Diff(want, s.examine(t, s.dynamicDump(t))); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestReadDump(t *testing.T) {
	s := goodSite(t)
	s.config.FailureModeAllow = true
	plain := string(s.staticDump(t))
	want := []string{"failure-mode: " + filterWhere + ": failure_mode_allow is true"}
	for name, text := range map[string]string{
		"plain":                   plain,
		"of a namespace's pod":    `{"envoy-gateway-system": {"envoy-0": ` + plain + `}}`,
		"with sections of others": `{"configs": [{"@type": "type.googleapis.com/acme.Dump", "a": {}}, ` + plain[len(`{"configs":[`):],
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, s.examine(t, []byte(text))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoDump(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
		none bool
	}{
		"empty":     {"", ErrNoDump.Error() + ": unexpected end of JSON input", true},
		"YAML":      {"static_resources: {}", ErrNoDump.Error() + ": invalid character 's' looking for beginning of value", true},
		"other":     {`{"version": "x"}`, ErrNoDump.Error(), true},
		"a list":    {`{"configs": [1]}`, ErrNoDump.Error() + ": json: cannot unmarshal number into Go value of type struct { Type string \"json:\\\"@type\\\"\" }", true},
		"several":   {`{"ns": {"a": {"configs": []}, "b": {"configs": []}}}`, "the input has the dumps of 2 Envoys: pass the dump of one", false},
		"no object": {`[]`, ErrNoDump.Error() + ": json: cannot unmarshal array into Go value of type map[string]json.RawMessage", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadDump([]byte(c.text))
			if err == nil || err.Error() != c.want || errors.Is(err, ErrNoDump) != c.none {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

// A malformed section of a known type is an error.
func TestBrokenSection(t *testing.T) {
	_, err := ReadDump([]byte(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "static_clusters": 7}]}`))
	if err == nil {
		t.Error("no error")
	}
}

// Rejected updates of every resource type are found.
func TestRefused(t *testing.T) {
	because := func(text string) *adminv3.UpdateFailureState { return &adminv3.UpdateFailureState{Details: text} }
	s, err := ReadDump(dump(t,
		&adminv3.ListenersConfigDump{DynamicListeners: []*adminv3.ListenersConfigDump_DynamicListener{{Name: "l", ErrorState: because("1")}}},
		&adminv3.ClustersConfigDump{
			DynamicActiveClusters:  []*adminv3.ClustersConfigDump_DynamicCluster{{ErrorState: because("2")}},
			DynamicWarmingClusters: []*adminv3.ClustersConfigDump_DynamicCluster{{ErrorState: because("3")}},
		},
		&adminv3.RoutesConfigDump{DynamicRouteConfigs: []*adminv3.RoutesConfigDump_DynamicRouteConfig{{ErrorState: because("4")}}},
		&adminv3.EcdsConfigDump{EcdsFilters: []*adminv3.EcdsConfigDump_EcdsFilterConfig{{ErrorState: because("5")}}},
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`listener "l": Envoy rejected an update: 1`, "a cluster: Envoy rejected an update: 2", "a cluster: Envoy rejected an update: 3",
		"a route configuration: Envoy rejected an update: 4", "a filter from ECDS: Envoy rejected an update: 5",
	}
	var got []string
	for _, rejected := range s.rejected {
		got = append(got, rejected.where+": "+rejected.problem)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Endpoints from EDS are in their own section of the dump.
func TestEndpoints(t *testing.T) {
	at := func(cluster, host string) *anypb.Any {
		return packed(t, &endpointv3.ClusterLoadAssignment{ClusterName: cluster, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
				Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: host}}},
			}}}},
		}}})
	}
	s, err := ReadDump(dump(t, &adminv3.EndpointsConfigDump{
		StaticEndpointConfigs:  []*adminv3.EndpointsConfigDump_StaticEndpointConfig{{EndpointConfig: at("static", "10.0.0.1")}},
		DynamicEndpointConfigs: []*adminv3.EndpointsConfigDump_DynamicEndpointConfig{{EndpointConfig: at("dynamic", "10.0.0.2")}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, addresses := range s.endpoints {
		got[name] = addresses[0].GetSocketAddress().GetAddress()
	}
	if diff := cmp.Diff(map[string]string{"static": "10.0.0.1", "dynamic": "10.0.0.2"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
