package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/anthropic"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/native"
	"bedrock-extproc/translator/openai"
	"bedrock-extproc/translator/responses"
)

// explanation is what explain prints.
type explanation struct {
	Operation string               `json:"operation"`
	Backend   string               `json:"backend"`
	Region    string               `json:"region"`
	Alias     string               `json:"alias,omitempty"`
	ModelID   string               `json:"model_id"`
	Warnings  []explanationWarning `json:"warnings"`
	Request   json.RawMessage      `json:"request"`
}

type explanationWarning struct {
	Code     string `json:"code"`
	Path     string `json:"path"`
	Detail   string `json:"detail"`
	Evidence string `json:"evidence,omitempty"`
}

type explainOptions struct {
	config, provider, file, api, model string
	stream                             bool
	as                                 identity.Values
}

func explainCommand() *cobra.Command {
	var opts explainOptions
	var output string
	cmd := &cobra.Command{
		Use: "explain [FILE]", Short: "print what would be sent to Bedrock for a request",
		Long:    "Print the Bedrock call that serve would make for a request, without making it. Without a file it\nreads standard input.",
		Example: "  bedrock-extproc explain --api openai request.json\n  bedrock-extproc explain --config config.yaml --as user=ann --as team=search request.json",
		GroupID: groupConfigure, Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.file = args[0]
			}
			return explain(cmd.Context(), &opts, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&opts.config, "config", "", "YAML `file` with the backends, as for serve")
	fs.StringVar(&opts.provider, "provider", "", "`name` of the backend, as in the X-Provider-LLM header")
	fs.Func("as", "`name=value` of the caller's identity; may be repeated", opts.addValue)
	addChoice(cmd, &opts.api, "api", "", "API that the request is for, as in apis", chat.Name, openai.Name, responses.Name, anthropic.Name, native.Name)
	fs.StringVar(&opts.model, "model", "", "`id` of the model in the path of a request of the bedrock API; without it, the backend's default model")
	fs.BoolVar(&opts.stream, "stream", false, "explain a streaming request; requests of OpenAI's and Anthropic's APIs say themselves whether they stream")
	addOutput(cmd, &output, outputJSON)
	return cmd
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

// explain prints the call that serve would make for a request, without making it.
func explain(ctx context.Context, opts *explainOptions, stdin io.Reader, stdout io.Writer) error {
	body, err := readRequest(opts.file, stdin)
	if err != nil {
		return err
	}
	_, g, err := load(ctx, opts.config)
	if err != nil {
		return err
	}
	endpoint, err := g.Find(http.MethodPost, opts.path(), nil)
	if err != nil {
		return err
	}
	backend, target, err := g.TargetAs(opts.as, opts.provider)
	if err != nil {
		return printRejection(err, endpoint.Dialect, stdout)
	}
	call, err := target.Decode(endpoint.Dialect, translator.Request{Streaming: endpoint.Streaming, Pattern: endpoint.Pattern, PathModel: opts.model, Body: body})
	if err != nil {
		target.AddNames(translator.AsError(err), "")
		return printRejection(err, endpoint.Dialect, stdout)
	}
	return printExplanation(stdout, call, backend)
}

// path is that of the request to explain.
func (o *explainOptions) path() string {
	switch {
	case o.api == openai.Name:
		return openai.CompletionsPath
	case o.api == responses.Name:
		return responses.ResponsesPath
	case o.api == anthropic.Name:
		return anthropic.MessagesPath
	case o.api == native.Name && o.stream:
		return native.ConverseStreamPattern
	case o.api == native.Name:
		return native.ConversePattern
	case o.stream:
		return chat.StreamPath
	}
	return chat.CompletionsPath
}

func readRequest(file string, stdin io.Reader) ([]byte, error) {
	if file == "" || file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file)
}

// errRejected marks a request that would get an error. The error is printed already.
var errRejected = errors.New("the request would be rejected")

// printRejection prints the error body that the client would get, with the evidence of
// the rule that refuses the request, and returns errRejected.
func printRejection(err error, dialect translator.Dialect, stdout io.Writer) error {
	e := translator.AsError(err)
	body := dialect.EncodeError(e).Body
	if e.Evidence != "" {
		evidence, err := json.Marshal(e.Evidence)
		if err != nil {
			return err
		}
		body = fmt.Appendf(bytes.TrimSuffix(body, []byte("}")), `,"evidence":%s}`, evidence)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		return err
	}
	fmt.Fprintln(stdout, out.String())
	return errRejected
}

func printExplanation(w io.Writer, call *translator.Call, b *bedrock.Backend) error {
	e := explanation{
		Operation: "Converse", Backend: b.Name(), Region: b.Region(),
		Warnings: []explanationWarning{}, Request: call.Body,
	}
	e.Alias, e.ModelID = b.Models().Find(call.Model)
	switch {
	case call.CountTokens:
		e.Operation = "CountTokens"
	case call.Streaming:
		e.Operation = "ConverseStream"
	}
	for _, warning := range call.Warnings {
		e.Warnings = append(e.Warnings, explanationWarning(warning))
	}
	return writeJSON(w, e)
}
