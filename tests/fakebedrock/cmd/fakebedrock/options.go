package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

// options are the parsed command line.
type options struct {
	addr      string
	cert, key string
	verbose   bool
	listKnobs bool
	config    fakebedrock.Config
}

func (o *options) scheme() string {
	if o.cert != "" {
		return "https"
	}
	return "http"
}

// parse parses the command line.
func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{config: fakebedrock.Config{Knobs: map[string]string{}, KeepCalls: -1}}
	var id fakebedrock.Identity
	var bearer string
	fs := flag.NewFlagSet("fakebedrock", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.addr, "addr", "127.0.0.1:9004", "address to serve on")
	fs.StringVar(&o.cert, "cert", "", "PEM certificate file; with -key, serve TLS and HTTP/2")
	fs.StringVar(&o.key, "key", "", "PEM key file of -cert")
	fs.BoolVar(&o.verbose, "verbose", false, "print a line for each call")
	fs.BoolVar(&o.listKnobs, "knobs", false, "list the knobs that a request can set, and exit")
	fs.DurationVar(&o.config.Pace, "pace", 25*time.Millisecond, "time between the tokens of a stream")
	fs.StringVar(&id.AccessKeyID, "access-key", "", "the only access key (default: "+fakebedrock.DemoAccessKeyID+" and the other demo keys)")
	fs.StringVar(&id.SecretAccessKey, "secret-key", "", "secret of -access-key")
	fs.StringVar(&id.SessionToken, "session-token", "", "session token of -access-key")
	fs.StringVar(&bearer, "bearer-token", "", "the only bearer token (default: "+fakebedrock.DemoBearerToken+")")
	fs.BoolVar(&o.config.AllowUnsigned, "allow-unsigned", false, "accept calls without an Authorization header")
	fs.StringVar(&o.config.Region, "region", "", "the only region that signatures may have (default: any)")
	fs.BoolVar(&o.config.LenientRoles, "lenient-roles", false, "accept consecutive turns of the same role")
	fs.BoolVar(&o.config.SkipValidation, "skip-validation", false, "accept any JSON object as a request")
	fs.BoolVar(&o.config.IgnoreKnobs, "ignore-knobs", false, "ignore the knobs of requests")
	fs.Func("knob", "default name=value of a `knob` for all requests; repeatable (list: -knobs)", o.addKnob)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	return o, o.finish(id, bearer, fs.Args())
}

func (o *options) addKnob(pair string) error {
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		return errors.New("want name=value")
	}
	for _, k := range fakebedrock.Knobs() {
		if k.Name == name {
			o.config.Knobs[name] = value
			return nil
		}
	}
	return fmt.Errorf("unknown knob %q", name)
}

func (o *options) finish(id fakebedrock.Identity, bearer string, rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case (o.cert == "") != (o.key == ""):
		return errors.New("-cert and -key must be used together")
	case (id.AccessKeyID == "") != (id.SecretAccessKey == ""):
		return errors.New("-access-key and -secret-key must be used together")
	}
	if id.AccessKeyID != "" {
		o.config.Identities = []fakebedrock.Identity{id}
	}
	if bearer != "" {
		o.config.BearerTokens = []string{bearer}
	}
	return nil
}

func printKnobs(out io.Writer) error {
	fmt.Fprint(out, "A request sets knobs in headers (X-Fake-Fault: cut), in requestMetadata (fake.fault: cut), or\nafter its model id (…#fault=cut&at=3).\n\n")
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, k := range fakebedrock.Knobs() {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", k.Name, k.Value, k.Does)
	}
	return tw.Flush()
}
