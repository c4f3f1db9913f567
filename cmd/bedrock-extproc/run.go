package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"bedrock-extproc/internal/local"
)

const runHelp = `Run Envoy, the sidecar and a stand-in for Amazon Bedrock on this machine, in the foreground, and
print requests to try. Nothing needs an AWS account, unless --aws is given. A signal ends everything.

Envoy 1.37 or newer must be on PATH, or named with --envoy.`

func runCommand() *cobra.Command {
	var s local.Settings
	cmd := &cobra.Command{
		Use: "run", Short: "run Envoy, the sidecar and a stand-in for Bedrock, to try them", Long: runHelp,
		Example: "  bedrock-extproc run\n  AWS_PROFILE=dev bedrock-extproc run --aws --config config.yaml",
		GroupID: groupRun, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if s.Program, err = os.Executable(); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP) // the terminal is closed
			defer stop()
			return local.Run(ctx, s, cmd.OutOrStdout())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&s.Envoy, "envoy", "", "Envoy's binary `file` (default: envoy on PATH)")
	fs.IntVar(&s.Port, "port", 8000, "`port` of Envoy's listener, for clients")
	fs.IntVar(&s.EnvoyAdmin, "envoy-admin-port", 9901, "`port` of Envoy's admin interface")
	fs.IntVar(&s.Admin, "admin-port", 9003, "`port` of the sidecar's probes and metrics")
	fs.IntVar(&s.Bedrock, "bedrock-port", 9004, "`port` of the stand-in for Bedrock")
	fs.StringVar(&s.Config, "config", "", "the sidecar's configuration `file`")
	fs.BoolVar(&s.AWS, "aws", false, "use the real Amazon Bedrock, at your cost, with the credentials in the environment")
	return cmd
}
