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

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
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

// explain translates a chat request as serve would, and calls nobody.
func explain(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var opts struct {
		config, provider string
		stream           bool
	}
	fs := flag.NewFlagSet("explain", flag.ContinueOnError)
	fs.StringVar(&opts.config, "config", "", "YAML `file` with the backends, as for serve")
	fs.StringVar(&opts.provider, "provider", "", "the backend that X-Provider-LLM would name")
	fs.BoolVar(&opts.stream, "stream", false, "explain a request for a stream")
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: bedrock-extproc explain [flags] [file]\n\nPrints what would be sent to Bedrock for a chat request (default: standard input).")
		fs.PrintDefaults()
	}
	fs.SetOutput(stderr)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil || fs.NArg() > 1:
		return errUsage
	}
	body, err := readRequest(fs.Arg(0), stdin)
	if err != nil {
		return err
	}
	s, err := loadService(ctx, opts.config, zap.NewNop())
	if err != nil {
		return err
	}
	backend, err := s.backends.Lookup(opts.provider)
	if err != nil {
		return err
	}
	call, err := s.dialect.Decode(translator.Request{
		Streaming: opts.stream, DefaultModel: backend.DefaultModel(), Defaults: backend.Defaults(), Body: body,
	})
	if err != nil {
		return refusedRequest(err, s.dialect, stdout)
	}
	return printExplanation(stdout, call, backend)
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
	if err := json.Indent(&out, dialect.EncodeError(translator.AsError(err)), "", "  "); err != nil {
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
