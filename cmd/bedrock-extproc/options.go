package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/extproc"
)

// serveCommand is the default command. Environment variables set its flags' defaults.
func serveCommand(s streams) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "answer Envoy's ext_proc calls by calling Amazon Bedrock (the default)",
		Long:    serveHelp,
		Example: "  bedrock-extproc --config config.yaml\n  bedrock-extproc serve --listen unix:///run/bedrock-extproc/extproc.sock",
		GroupID: groupRun,
	}
	opts.define(cmd.Flags())
	badVariables := setFromEnv(cmd.Flags(), s.env)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if badVariables != nil {
			return wrongUsage(cmd, "%w", badVariables)
		}
		return arguments(0, 0)(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return serve(cmd.Context(), &opts, cmd.Flags(), s.env, cmd.ErrOrStderr())
	}
	return cmd
}

const serveHelp = `Answer Envoy's ext_proc calls by calling Amazon Bedrock, until a signal ends it.

An environment variable sets the default of each flag: BEDROCK_EXTPROC_DRAIN_DELAY that of
--drain-delay. A variable of this kind that sets no flag is a warning in the log. AWS
credentials, region and endpoints come from the standard AWS variables.`

// options are the flags of serve.
type options struct {
	listen        string
	socket        socketAccess
	admin         string
	config        string
	tls           tlsFiles
	maxBody       int
	maxCalls      int
	maxBodyMemory int64
	maxAnswer     int
	uploadTimeout time.Duration
	keepAlive     time.Duration
	drainDelay    time.Duration
	drainTimeout  time.Duration
	reflection    bool
	// requireCredentials makes a sidecar without AWS credentials unready.
	requireCredentials bool
	logLevel           zapcore.Level
	pprof              bool
}

// define defines the flags.
func (o *options) define(fs *pflag.FlagSet) {
	fs.StringVar(&o.listen, "listen", "127.0.0.1:9002", "`address` for Envoy's ext_proc filter: host:port, or unix:///path")
	fs.TextVar(&o.socket.mode, "socket-mode", defaultSocketMode, "permissions of the Unix socket, in `octal`")
	fs.TextVar(&o.socket.owner, "socket-owner", socketOwner{}, "`UID:GID` that own the Unix socket; one may be missing")
	fs.StringVar(&o.admin, "admin", "127.0.0.1:9003", "`address` of the status page, /healthz, /readyz, /metrics and /debug; \"\" disables them")
	fs.StringVar(&o.config, "config", "", "YAML `file` with the backends; without a file there is one backend, from the AWS environment")
	fs.StringVar(&o.tls.cert, "tls-cert", "", "PEM `file` with the certificate for --listen")
	fs.StringVar(&o.tls.key, "tls-key", "", "PEM `file` with the key of --tls-cert")
	fs.StringVar(&o.tls.clientCA, "tls-client-ca", "", "PEM `file` with the CA that must have signed Envoy's certificate")
	fs.IntVar(&o.maxBody, "max-body-bytes", extproc.DefaultMaxBodyBytes, "maximum size of a request body in `bytes`, as it arrives and decompressed")
	fs.IntVar(&o.maxCalls, "max-calls", 0, "maximum `number` of concurrent model calls; 0 means no limit")
	fs.Int64Var(&o.maxBodyMemory, "max-body-memory", 0, "maximum memory in `bytes` for the request bodies of all calls, two for each byte of a body; 0 means half of GOMEMLIMIT, or 512 MiB without it")
	fs.DurationVar(&o.uploadTimeout, "upload-timeout", extproc.DefaultUploadTimeout, "maximum time for a request body to arrive; bodies that bring less than 64 KiB in 30s end earlier")
	fs.IntVar(&o.maxAnswer, "max-answer-bytes", extproc.DefaultMaxAnswerBytes, "maximum size of a streamed answer in `bytes`; a longer one ends with an error event")
	fs.DurationVar(&o.keepAlive, "keep-alive", extproc.DefaultKeepAlive, "silence after which a keep-alive is sent on a stream")
	fs.DurationVar(&o.drainDelay, "drain-delay", 6*time.Second, "time between failing health checks and closing the listener after SIGTERM; longer than Envoy's check interval")
	fs.DurationVar(&o.drainTimeout, "drain-timeout", 20*time.Second, "time for open calls to end after that")
	fs.BoolVar(&o.requireCredentials, "require-credentials", false, "be unready while a backend cannot get AWS credentials of its own")
	fs.BoolVar(&o.reflection, "reflection", false, "serve gRPC reflection")
	fs.TextVar(&o.logLevel, "log-level", zapcore.InfoLevel, "`level` of the log: debug, info, warn or error; PUT /debug/loglevel on the admin port changes it")
	fs.BoolVar(&o.pprof, "pprof", false, "serve profiles of the Go program on the admin port, below /debug/pprof/")
}
