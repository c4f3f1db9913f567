// Command generate writes the configurations of examples/envoy from package
// envoy.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

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
		file := filepath.Join(args[0], name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // examples are for everyone to read
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // examples are for everyone to read
			return err
		}
	}
	return nil
}

// files are the examples by name.
func files() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, example := range []struct {
		name, about string
		make        func() (*bootstrapv3.Bootstrap, error)
	}{
		{"envoy.yaml", "A whole Envoy configuration, for a sidecar on 127.0.0.1:9002.", plain("")},
		{"envoy-unix.yaml", "A whole Envoy configuration, for a sidecar on a Unix socket.", plain("unix:///run/bedrock-extproc/extproc.sock")},
		{"secure/envoy.yaml", "TLS, tokens, a group of callers and a local rate limit in front of the sidecar.", secure},
		{"budget/envoy.yaml", "What secure/envoy.yaml has, and a budget of tokens for each user.", budget},
		{"balanced/envoy.yaml", "Two sidecars, on 127.0.0.1:9002 and 127.0.0.1:9012.", balanced},
		{"routes/envoy.yaml", "The host of a request decides about the backend.", routes},
	} {
		b, err := example.make()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", example.name, err)
		}
		text, err := envoy.YAML(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", example.name, err)
		}
		all[example.name] = append(fmt.Appendf(nil, header, example.about), text...)
	}
	var err error
	all["snippet.yaml"], err = snippet()
	return all, err
}

// plain is the configuration of the package as it is.
func plain(extProc string) func() (*bootstrapv3.Bootstrap, error) {
	return func() (*bootstrapv3.Bootstrap, error) { return envoy.Bootstrap(envoy.Config{ExtProc: extProc}) }
}

const header = "# %s\n# Written by \"make generate\" from the Go package envoy; edit that.\n"

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
