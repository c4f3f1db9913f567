// Command generate writes those patches of examples/istio that are long lists:
// the access log and Envoy's own answers, from package envoy.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

//go:generate go run . ../..

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: generate FOLDER")
	}
	log, err := envoy.AccessLog("/dev/stdout")
	if err != nil {
		return err
	}
	replies, err := envoy.LocalReplies()
	if err != nil {
		return err
	}
	for _, where := range places {
		for _, w := range []struct {
			name, about string
			part        *hcmv3.HttpConnectionManager
		}{
			{"accesslog", "The access log, with the facts that bedrock-extproc gives.", &hcmv3.HttpConnectionManager{AccessLog: log}},
			{"replies", "Envoy's own answers as JSON, like bedrock-extproc's.", &hcmv3.HttpConnectionManager{LocalReplyConfig: replies}},
		} {
			text, err := where.patch(w.name, w.about, w.part)
			if err != nil {
				return err
			}
			file := filepath.Join(args[0], where.folder, w.name+".yaml")
			if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // examples are for everyone to read
				return err
			}
		}
	}
	return nil
}

// A place is where an example puts bedrock-extproc.
type place struct{ folder, namespace, labels, match string }

var places = []place{
	{"gateway", "istio-ingress", "istio: ingressgateway", `context: GATEWAY
      listener:
        filterChain:
          sni: llm.example.com`},
	{"sidecar", "llm", "app: llm", `context: SIDECAR_INBOUND
      listener:
        portNumber: 8080
        filterChain:`},
}

const template = `# %s
# Written by "make generate" from the Go package envoy; edit that.
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: bedrock-%s
  namespace: %s
spec:
  workloadSelector:
    labels:
      %s
  configPatches:
  - applyTo: NETWORK_FILTER
    match:
      %s
          filter:
            name: envoy.filters.network.http_connection_manager
    patch:
      operation: MERGE
      value:
`

// patch merges a part into the connection manager of a place.
func (p place) patch(name, about string, part *hcmv3.HttpConnectionManager) ([]byte, error) {
	config, err := anypb.New(part)
	if err != nil {
		return nil, err
	}
	value, err := envoy.YAML(&listenerv3.Filter{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: config},
	})
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, template, about, name, p.namespace, p.labels, p.match)
	for line := range bytes.Lines(value) {
		text = append(append(text, "        "...), line...)
	}
	return text, nil
}
