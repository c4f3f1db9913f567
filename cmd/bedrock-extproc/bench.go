package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"bedrock-extproc/internal/bench"
	"bedrock-extproc/internal/client"
)

const benchHelp = `Call a model through Envoy's listener at a fixed rate, and print how long the first text and whole
answers took. Each call is a real model call, and is billed as one.

Calls start on schedule, whether or not earlier ones have ended, and times count from the moment at
which a call should have started: a stall shows in every call that it delays. With --direct, every
second call goes to Bedrock's own endpoint, signed with the AWS credentials in the environment, and
"added" is the difference of the percentiles. A failed call is exit code 1.`

const benchExample = `  bedrock-extproc bench http://127.0.0.1:8000 --rate 50 --duration 30s
  AWS_ACCESS_KEY_ID=AKIDFAKEBEDROCK AWS_SECRET_ACCESS_KEY=fake-bedrock-secret-key \
    bedrock-extproc bench http://127.0.0.1:8000 --direct http://127.0.0.1:9004 -m us.amazon.nova-lite-v1:0`

type benchOptions struct {
	target
	direct, prompt, output string
	rate                   float64
	duration, warmUp       time.Duration
	maxInFlight            int
}

func benchCommand() *cobra.Command {
	var opts benchOptions
	cmd := &cobra.Command{
		Use: "bench URL", Short: "measure what the sidecar adds to a call", Long: benchHelp, Example: benchExample,
		GroupID: groupTry, Args: arguments(1, 1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.url = args[0]
			return opts.run(cmd)
		},
	}
	opts.define(cmd)
	fs := cmd.Flags()
	fs.StringVar(&opts.direct, "direct", "", "`URL` of Bedrock's endpoint, or of a stand-in, to compare with; needs --model")
	fs.StringVar(&opts.prompt, "prompt", "What is 2+2?", "prompt of each call")
	fs.Float64Var(&opts.rate, "rate", 10, "calls per second, with --direct to each endpoint; at most 10000")
	fs.DurationVar(&opts.duration, "duration", 10*time.Second, "time for which calls start, at most an hour")
	fs.DurationVar(&opts.warmUp, "warm-up", time.Second, "time before --duration, whose calls are not measured")
	fs.IntVar(&opts.maxInFlight, "max-in-flight", 1000, "maximum `number` of calls at one time; further calls are not sent and count as failed")
	addOutput(cmd, &opts.output, outputText, outputJSON)
	return cmd
}

// check rejects settings that cannot be measured, or that need memory without bound: each
// call needs some.
func (o *benchOptions) check(cmd *cobra.Command) error {
	switch {
	case !(o.rate > 0 && o.rate <= 10_000):
		return wrongUsage(cmd, "--rate must be more than 0 and at most 10000")
	case o.duration <= 0 || o.duration > time.Hour || o.warmUp < 0 || o.warmUp > time.Hour:
		return wrongUsage(cmd, "--duration and --warm-up must be at most 1h")
	case o.maxInFlight < 1:
		return wrongUsage(cmd, "--max-in-flight must be at least 1")
	case o.direct != "" && o.model == "":
		return wrongUsage(cmd, "Bedrock's endpoint has the model in its path: set --model")
	}
	return nil
}

func (o *benchOptions) run(cmd *cobra.Command) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	s, err := o.settings(cmd)
	if err != nil {
		return err
	}
	progress, end := progressOn(cmd.ErrOrStderr())
	s.Progress = progress
	report, err := bench.Run(cmd.Context(), s)
	end()
	if err != nil {
		return err
	}
	if o.output == outputJSON {
		err = writeJSON(cmd.OutOrStdout(), report)
	} else {
		err = report.WriteText(cmd.OutOrStdout())
	}
	if err == nil && report.Failed() > 0 {
		err = fmt.Errorf("%d calls failed", report.Failed())
	}
	return err
}

// settings make the clients. They share no connections.
func (o *benchOptions) settings(cmd *cobra.Command) (*bench.Settings, error) {
	s := &bench.Settings{Rate: o.rate, Duration: o.duration, WarmUp: o.warmUp, MaxInFlight: o.maxInFlight}
	var err error
	if s.Through, s.Request, err = o.side(cmd, o.target); err != nil || o.direct == "" {
		return s, err
	}
	direct := o.target
	direct.url, direct.api, direct.headers = o.direct, client.Bedrock, nil
	if s.Direct, s.ToDirect, err = o.side(cmd, direct); err != nil {
		return nil, err
	}
	s.Direct.Sign, err = bench.Signer(cmd.Context())
	return s, err
}

// side is one of both clients, with its request.
func (o *benchOptions) side(cmd *cobra.Command, to target) (*client.Client, client.Request, error) {
	c, r, err := to.client(cmd)
	if err != nil {
		return nil, client.Request{}, err
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, client.Request{}, fmt.Errorf("the default transport is a %T", http.DefaultTransport)
	}
	transport = transport.Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, o.maxInFlight
	c.HTTP = &http.Client{Transport: transport}
	r.Messages, err = c.Messages(client.Input{Text: o.prompt})
	return c, *r, err
}

// progressOn shows progress on a terminal, and nowhere else. end removes it.
func progressOn(w io.Writer) (progress func(done, all, failed int), end func()) {
	if !isTerminal(w) {
		return nil, func() {}
	}
	const clear = "\r\x1b[K"
	progress = func(done, all, failed int) {
		fmt.Fprintf(w, clear+"%d %%: %d of %d calls, %d failed", 100*done/all, done, all, failed)
	}
	return progress, func() { fmt.Fprint(w, clear) }
}
