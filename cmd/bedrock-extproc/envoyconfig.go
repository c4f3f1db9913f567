package main

import (
	"flag"
	"io"
	"time"

	"bedrock-extproc/envoy"
)

// envoyConfig prints a bootstrap that "envoy -c" accepts.
func envoyConfig(args []string, stdout, stderr io.Writer) error {
	var cfg envoy.Config
	fs := flag.NewFlagSet("envoy-config", flag.ContinueOnError)
	fs.StringVar(&cfg.Admin, "admin", "127.0.0.1:9901", "Envoy's admin interface, host:port")
	xds := fs.String("xds", "", "address of an xDS server, see the command xds: print a configuration that uses it; \"\" prints everything")
	fs.IntVar(&cfg.MaxConnections, "max-connections", 50_000, "maximum number of client connections")
	configFlags(fs, &cfg)
	if err := parse(fs, args, noEnv, stderr); err != nil {
		return err
	}
	bootstrap, err := envoy.Bootstrap(cfg)
	if *xds != "" {
		bootstrap, err = envoy.XDSBootstrap(cfg, *xds)
	}
	if err != nil {
		return err
	}
	text, err := envoy.YAML(bootstrap)
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}

// noEnv ignores the environment: its variables are for serve, which has flags of the
// same names.
func noEnv(string) (string, bool) { return "", false }

// configFlags defines the flags for what differs between installations.
func configFlags(fs *flag.FlagSet, cfg *envoy.Config) {
	fs.StringVar(&cfg.Listen, "listen", "127.0.0.1:8000", "where Envoy listens for clients, host:port")
	fs.StringVar(&cfg.ExtProc, "extproc", "127.0.0.1:9002", "where the sidecar listens: host:port, or unix:///path")
	fs.StringVar(&cfg.AccessLog, "access-log", "/dev/stdout", "`file` for the access log")
	fs.DurationVar(&cfg.StreamIdleTimeout, "stream-idle-timeout", 10*time.Minute, "how long a request may be idle; it limits the wait for a whole answer")
	fs.DurationVar(&cfg.SlowReaderTimeout, "slow-reader-timeout", 5*time.Minute, "how long a client may leave more than 256 KiB unread before it is disconnected; 0 means no limit, which Envoy 1.37 needs")
}
