package main

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"

	"bedrock-extproc/envoy"
)

func envoyConfigCommand() *cobra.Command {
	var cfg envoy.Config
	var xds, output string
	cmd := &cobra.Command{
		Use: "envoy-config", Short: "print an Envoy configuration that uses the sidecar",
		Example: "  bedrock-extproc envoy-config > envoy.yaml && envoy -c envoy.yaml",
		GroupID: groupConfigure, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := envoyConfig(&cfg, xds, output)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&cfg.Admin, "admin", "127.0.0.1:9901", "`address` of Envoy's admin interface, host:port")
	fs.StringVar(&xds, "xds", "", "`address` of an xDS server, see the command xds: print a configuration that uses it; \"\" prints everything")
	fs.IntVar(&cfg.MaxConnections, "max-connections", 50_000, "maximum `number` of client connections")
	addEnvoyFlags(fs, &cfg)
	addOutput(cmd, &output, outputYAML, outputJSON)
	return cmd
}

// envoyConfig is a bootstrap that "envoy -c" accepts.
func envoyConfig(cfg *envoy.Config, xds, output string) ([]byte, error) {
	bootstrap, err := envoy.Bootstrap(*cfg)
	if xds != "" {
		bootstrap, err = envoy.XDSBootstrap(*cfg, xds)
	}
	if err != nil {
		return nil, err
	}
	text, err := envoy.YAML(bootstrap)
	if err != nil || output == outputYAML {
		return text, err
	}
	compact, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, append(compact, '\n'), "", "  ")
	return indented.Bytes(), err
}

// addEnvoyFlags defines the flags for what differs between installations.
func addEnvoyFlags(fs *pflag.FlagSet, cfg *envoy.Config) {
	fs.StringVar(&cfg.Listen, "listen", "127.0.0.1:8000", "`address` where Envoy listens for clients, host:port")
	fs.StringVar(&cfg.ExtProc, "extproc", "127.0.0.1:9002", "`address` where the sidecar listens: host:port, or unix:///path")
	fs.StringVar(&cfg.AccessLog, "access-log", "/dev/stdout", "`file` for the access log")
	fs.DurationVar(&cfg.StreamIdleTimeout, "stream-idle-timeout", 10*time.Minute, "how long a request may be idle; it limits the wait for a whole answer")
	fs.DurationVar(&cfg.SlowReaderTimeout, "slow-reader-timeout", 5*time.Minute, "how long a client may leave more than 256 KiB unread before it is disconnected; 0 means no limit, which Envoy 1.37 needs")
}
