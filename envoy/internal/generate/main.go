// Command generate writes the configurations of examples/envoy from package
// envoy.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"bedrock-extproc/envoy"
)

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
	all, err := files()
	if err != nil {
		return err
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(args[0], name), text, 0o644); err != nil { //nolint:gosec // examples are for everyone to read
			return err
		}
	}
	return nil
}

// files are the examples by name.
func files() (map[string][]byte, error) {
	tcp, err := bootstrap("A whole Envoy configuration, for a sidecar on 127.0.0.1:9002.", envoy.Config{})
	if err != nil {
		return nil, err
	}
	unix, err := bootstrap("A whole Envoy configuration, for a sidecar on a Unix socket.",
		envoy.Config{ExtProc: "unix:///run/bedrock-extproc/extproc.sock"})
	if err != nil {
		return nil, err
	}
	pieces, err := snippet()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"envoy.yaml": tcp, "envoy-unix.yaml": unix, "snippet.yaml": pieces}, nil
}

const header = "# %s\n# Written by \"make generate\" from the Go package envoy; edit that.\n"

func bootstrap(about string, cfg envoy.Config) ([]byte, error) {
	b, err := envoy.Bootstrap(cfg)
	if err != nil {
		return nil, err
	}
	text, err := envoy.YAML(b)
	if err != nil {
		return nil, err
	}
	return append(fmt.Appendf(nil, header, about), text...), nil
}

// snippet is what an existing configuration needs: each piece under the key of
// the place where it goes.
func snippet() ([]byte, error) {
	filter, err := envoy.Filter()
	if err != nil {
		return nil, err
	}
	replies, err := envoy.LocalReplies()
	if err != nil {
		return nil, err
	}
	cluster, err := envoy.Cluster(envoy.Config{})
	if err != nil {
		return nil, err
	}
	route := envoy.Routes().GetVirtualHosts()[0].GetRoutes()[0]
	var out bytes.Buffer
	fmt.Fprintf(&out, header, "The pieces for an Envoy configuration that exists already.")
	for _, piece := range []struct {
		where string
		print func() ([]byte, error)
	}{
		{"In http_filters, after authentication, authorization and rate limits and before the router:", func() ([]byte, error) { return envoy.YAML(filter) }},
		{"In static_resources.clusters (or from your control plane):", func() ([]byte, error) { return envoy.YAML(cluster) }},
		{"As a route; its answer is seen only if the filter was skipped:", func() ([]byte, error) { return envoy.YAML(route) }},
		{"As local_reply_config of the HTTP connection manager, so that Envoy's own errors are JSON as well:", func() ([]byte, error) { return envoy.YAML(replies) }},
	} {
		text, err := piece.print()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "---\n# %s\n%s", piece.where, text)
	}
	return out.Bytes(), nil
}
