package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/doctor"
	"bedrock-extproc/internal/gateway"
)

// adminLimit is the time for all requests to Envoy's admin interface.
const adminLimit = 30 * time.Second

type doctorOptions struct {
	envoyAdmin, configDump, cluster, config, output string
	longestAnswer                                   time.Duration
	aws, strict, json                               bool
}

func doctorCommand() *cobra.Command {
	var opts doctorOptions
	cmd := &cobra.Command{
		Use: "doctor", Short: "check an Envoy's configuration for mistakes that break the sidecar",
		Long:    "Check a running Envoy's configuration, or a saved dump of it, for mistakes that break the sidecar,\nand print how to fix each. docs/doctor.md lists the checks.",
		Example: "  bedrock-extproc doctor --envoy-admin http://127.0.0.1:9901\n  bedrock-extproc doctor --config-dump dump.json --aws=false -o json",
		GroupID: groupConfigure, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDoctor(cmd.Context(), &opts, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&opts.envoyAdmin, "envoy-admin", "http://127.0.0.1:9901", "`URL` of a running Envoy's admin interface")
	fs.StringVar(&opts.configDump, "config-dump", "", "`file` with a saved /config_dump?include_eds, in place of --envoy-admin; - is standard input")
	fs.StringVar(&opts.cluster, "cluster", "", "`name` of the sidecar's cluster; without it every ext_proc filter is checked")
	fs.StringVar(&opts.config, "config", "", "YAML `file` of serve: also check that Envoy sends the identities it uses, that routes name its backends, and that its profiles have credentials")
	fs.DurationVar(&opts.longestAnswer, "longest-answer", doctor.DefaultLongestAnswer, "how long an answer may take; report timeouts that are shorter")
	fs.BoolVar(&opts.aws, "aws", true, "check AWS credentials and region in this process's environment")
	fs.BoolVar(&opts.strict, "strict", false, "also fail on warnings")
	fs.BoolVar(&opts.json, "json", false, "the same as -o json")
	addOutput(cmd, &opts.output, outputText, outputJSON)
	return cmd
}

// runDoctor checks an Envoy's configuration for mistakes that break the sidecar, and
// prints how to fix them. It fails if there are errors.
func runDoctor(ctx context.Context, opts *doctorOptions, stdin io.Reader, stdout io.Writer) error {
	cfg, err := config.Read(opts.config, os.LookupEnv)
	if err != nil {
		return err
	}
	snapshot, err := opts.snapshot(ctx, stdin)
	if err != nil {
		return err
	}
	if opts.aws {
		snapshot.AWS = doctor.ReadAWS(ctx, awsAccounts(cfg))
	}
	needs := identityNeeds(cfg)
	if opts.config != "" {
		needs.Backends = backendNames(cfg)
	}
	needs.Cluster, needs.LongestAnswer = opts.cluster, opts.longestAnswer
	if needs.APIs, err = servedAPIs(cfg); err != nil {
		return err
	}
	report := doctor.Examine(snapshot, needs)
	if err := printReport(stdout, report, opts.json || opts.output == outputJSON); err != nil {
		return err
	}
	return verdict(report, opts.strict)
}

func (o *doctorOptions) snapshot(ctx context.Context, stdin io.Reader) (*doctor.Snapshot, error) {
	if o.configDump == "" {
		ctx, cancel := context.WithTimeout(ctx, adminLimit)
		defer cancel()
		return doctor.ReadAdmin(ctx, o.envoyAdmin)
	}
	text, err := readRequest(o.configDump, stdin)
	if err != nil {
		return nil, err
	}
	return doctor.ReadDump(text)
}

func printReport(w io.Writer, report *doctor.Report, asJSON bool) error {
	if asJSON {
		return report.WriteJSON(w)
	}
	report.WriteText(w)
	return nil
}

// errFindings marks a report that fails the command. It is printed already.
var errFindings = errors.New("the doctor found something")

func verdict(report *doctor.Report, strict bool) error {
	if report.Count(doctor.Error) > 0 || strict && report.Count(doctor.Warning) > 0 {
		return fmt.Errorf("%w: %s", errFindings, report.Summary())
	}
	return nil
}

// identityNeeds lists a configuration's sources of identity, which Envoy must
// forward.
func identityNeeds(cfg *config.Config) doctor.Options {
	var needs doctor.Options
	for _, s := range cfg.Policy.Sources {
		if len(s.Metadata) > 0 {
			needs.Metadata = append(needs.Metadata, s.Metadata)
		}
		if s.Attribute != "" {
			needs.Attributes = with(needs.Attributes, s.Attribute)
		}
		if s.InitialMetadata != "" {
			needs.InitialMetadata = with(needs.InitialMetadata, s.InitialMetadata)
		}
	}
	return needs
}

func backendNames(cfg *config.Config) []string {
	var names []string
	for _, b := range cfg.Bedrock.Backends {
		names = append(names, b.Name)
	}
	return names
}

// servedAPIs are the APIs of a configuration. Their paths have an id where the model is.
func servedAPIs(cfg *config.Config) ([]doctor.API, error) {
	dialects, err := gateway.Dialects(*cfg)
	if err != nil {
		return nil, err
	}
	list := make([]doctor.API, len(dialects))
	for i, d := range dialects {
		list[i] = doctor.API{Name: d.Name(), Required: len(cfg.APIs) > 0}
		for _, r := range d.Routes() {
			list[i].Paths = append(list[i].Paths, strings.Replace(r.Pattern, "{model}", "id", 1))
		}
	}
	return list, nil
}

// with appends item unless list has it.
func with[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// awsAccounts lists the AWS identities of the backends, each once. A backend with its
// own API key has none, and no backend has one if callers bring their keys.
func awsAccounts(cfg *config.Config) []doctor.Account {
	if cfg.Bedrock.ServerCredentials == bedrock.ServerNever {
		return nil
	}
	var accounts []doctor.Account
	for _, b := range cfg.Bedrock.Backends {
		if b.Identity.BearerTokenEnv == "" {
			accounts = with(accounts, doctor.Account{Profile: b.Identity.Profile, Region: b.Region, Signs: !b.Identity.RoleARN.IsZero()})
		}
	}
	return accounts
}
