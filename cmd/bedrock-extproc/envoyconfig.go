package main

import (
	"flag"
	"io"

	"bedrock-extproc/envoy"
)

// envoyConfig prints a bootstrap that "envoy -c" accepts.
func envoyConfig(args []string, stdout, stderr io.Writer) error {
	var cfg envoy.Config
	fs := flag.NewFlagSet("envoy-config", flag.ContinueOnError)
	fs.StringVar(&cfg.Listen, "listen", "127.0.0.1:8000", "where Envoy listens for clients, host:port")
	fs.StringVar(&cfg.Admin, "admin", "127.0.0.1:9901", "Envoy's admin interface, host:port")
	fs.StringVar(&cfg.ExtProc, "extproc", "127.0.0.1:9002", "where the sidecar listens: host:port, or unix:///path")
	fs.StringVar(&cfg.AccessLog, "access-log", "/dev/stdout", "`file` for the access log")
	if err := parse(fs, args, noEnv, stderr); err != nil {
		return err
	}
	bootstrap, err := envoy.Bootstrap(cfg)
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

// noEnv keeps the variables of serve, whose flags have the same names, away.
func noEnv(string) (string, bool) { return "", false }
