package main

import (
	"flag"
	"time"

	"go.uber.org/zap/zapcore"

	"bedrock-extproc/extproc"
)

// options are the flags of serve.
type options struct {
	listen       string
	admin        string
	config       string
	tls          tlsFiles
	maxBody      int
	maxCalls     int
	keepAlive    time.Duration
	drainDelay   time.Duration
	drainTimeout time.Duration
	reflection   bool
	logLevel     zapcore.Level
}

func (o *options) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.StringVar(&o.listen, "listen", "127.0.0.1:9002", "where Envoy's ext_proc filter connects: host:port, or unix:///path")
	fs.StringVar(&o.admin, "admin", "127.0.0.1:9003", "where /healthz, /readyz and /metrics are served; \"\" serves them nowhere")
	fs.StringVar(&o.config, "config", "", "YAML `file` with the backends; without one there is one, from the AWS environment")
	fs.StringVar(&o.tls.cert, "tls-cert", "", "PEM `file` with the certificate for -listen")
	fs.StringVar(&o.tls.key, "tls-key", "", "PEM `file` with its key")
	fs.StringVar(&o.tls.clientCA, "tls-client-ca", "", "PEM `file` with the authority whose certificates Envoy must show")
	fs.IntVar(&o.maxBody, "max-body-bytes", extproc.DefaultMaxBodyBytes, "largest request body")
	fs.IntVar(&o.maxCalls, "max-calls", 0, "most model calls at once; 0 means no bound")
	fs.DurationVar(&o.keepAlive, "keep-alive", extproc.DefaultKeepAlive, "silence after which a comment is sent on a stream")
	fs.DurationVar(&o.drainDelay, "drain-delay", 6*time.Second, "time to go on serving after SIGTERM while health checks already fail; more than Envoy's check interval")
	fs.DurationVar(&o.drainTimeout, "drain-timeout", 20*time.Second, "time that calls in flight then have to end")
	fs.BoolVar(&o.reflection, "reflection", false, "serve gRPC reflection")
	fs.TextVar(&o.logLevel, "log-level", zapcore.InfoLevel, "debug, info, warn or error")
	return fs
}
