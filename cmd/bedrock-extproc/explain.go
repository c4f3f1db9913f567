package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

// explanation is what explain prints: the call that would have been made.
type explanation struct {
	Operation string               `json:"operation"`
	Backend   string               `json:"backend"`
	Region    string               `json:"region"`
	ModelID   string               `json:"model_id"`
	Warnings  []explanationWarning `json:"warnings"`
	Request   json.RawMessage      `json:"request"`
}

type explanationWarning struct {
	Code   string `json:"code"`
	Path   string `json:"path"`
	Detail string `json:"detail"`
}

type explainOptions struct {
	config, provider, file string
	stream                 bool
	as                     identity.Values
}

func (o *explainOptions) flags(stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("explain", flag.ContinueOnError)
	fs.StringVar(&o.config, "config", "", "YAML `file` with the backends, as for serve")
	fs.StringVar(&o.provider, "provider", "", "the backend that X-Provider-LLM would name")
	fs.Func("as", "`name=value` of the caller's identity; more than once for more of them", o.addValue)
	fs.BoolVar(&o.stream, "stream", false, "explain a request for a stream")
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: bedrock-extproc explain [flags] [file]\n\nPrints what would be sent to Bedrock for a chat request (default: standard input).")
		fs.PrintDefaults()
	}
	fs.SetOutput(stderr)
	return fs
}

func (o *explainOptions) addValue(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return errors.New("want name=value")
	}
	if o.as == nil {
		o.as = identity.Values{}
	}
	o.as[name] = append(o.as[name], value)
	return nil
}

func (o *explainOptions) parse(args []string, stderr io.Writer) error {
	fs := o.flags(stderr)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil || fs.NArg() > 1:
		return errUsage
	}
	o.file = fs.Arg(0)
	return nil
}

// explain translates a chat request as serve would, and calls nobody.
func explain(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var opts explainOptions
	if err := opts.parse(args, stderr); err != nil {
		return err
	}
	body, err := readRequest(opts.file, stdin)
	if err != nil {
		return err
	}
	s, err := loadService(ctx, opts.config, zap.NewNop())
	if err != nil {
		return err
	}
	backend, call, err := s.explain(opts.provider, opts.as, translator.Request{Streaming: opts.stream, Body: body})
	if err != nil {
		return refusedRequest(err, s.dialect, stdout)
	}
	return printExplanation(stdout, call, backend)
}

// explain chooses a backend for a caller of whom these values are known, and
// translates the request for it.
func (s *service) explain(name string, as identity.Values, r translator.Request) (*bedrock.Backend, *translator.Call, error) {
	backend, err := s.pretend(name, as)
	if err != nil {
		return nil, nil, err
	}
	r.DefaultModel, r.Defaults = backend.DefaultModel(), backend.Defaults()
	call, err := s.dialect.Decode(r)
	if err != nil {
		return nil, nil, err
	}
	return backend.Backend, call, backend.rule.Allow(call.Model)
}

// pretend is choose for values that are given.
func (s *service) pretend(name string, as identity.Values) (*personal, error) {
	if s.policy != nil {
		values, rule, err := s.policy.Pretend(as)
		if err != nil {
			return nil, err
		}
		return s.forCaller(name, values, rule)
	}
	backend, err := s.backends.Lookup(name)
	if err != nil {
		return nil, err
	}
	return &personal{Backend: backend, defaults: backend.Defaults()}, nil
}

func readRequest(file string, stdin io.Reader) ([]byte, error) {
	if file == "" || file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file)
}

// errRefused marks a request that would get an error, which was printed.
var errRefused = errors.New("the request would be refused")

// refusedRequest prints the error body that the client would get.
func refusedRequest(err error, dialect translator.Dialect, stdout io.Writer) error {
	var out bytes.Buffer
	if err := json.Indent(&out, dialect.EncodeError(translator.AsError(err)).Body, "", "  "); err != nil {
		return err
	}
	fmt.Fprintln(stdout, out.String())
	return errRefused
}

func printExplanation(w io.Writer, call *translator.Call, b *bedrock.Backend) error {
	e := explanation{
		Operation: "Converse", Backend: b.Name(), Region: b.Region(), ModelID: b.Model(call.Model),
		Warnings: []explanationWarning{}, Request: call.Body,
	}
	if call.Streaming {
		e.Operation = "ConverseStream"
	}
	for _, warning := range call.Warnings {
		e.Warnings = append(e.Warnings, explanationWarning(warning))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}
