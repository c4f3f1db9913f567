package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bedrock-extproc/internal/client"
)

// target is what chat and bench call, and with what.
type target struct {
	url, api, model, system, tools string
	maxTokens                      int
	headers                        []string
}

// define defines the flags, except the URL.
func (t *target) define(cmd *cobra.Command) {
	fs := cmd.Flags()
	addChoice(cmd, &t.api, "api", "", "API to use", client.APIs()...)
	fs.StringVarP(&t.model, "model", "m", "", "`id` of the model; without it, the backend's default model")
	fs.StringVarP(&t.system, "system", "s", "", "system prompt")
	fs.IntVar(&t.maxTokens, "max-tokens", 0, "maximum `number` of tokens in an answer; 0 sends none")
	fs.StringArrayVarP(&t.headers, "header", "H", nil, "`header` to send, \"Name: value\"; @file reads one from each line of a file; may be repeated")
	fs.StringVar(&t.tools, "tools", "", "JSON `file` with a list of tools: name, description, input_schema")
}

// client is the client, and a request without messages.
func (t *target) client(cmd *cobra.Command) (*client.Client, *client.Request, error) {
	if u, err := url.Parse(t.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, nil, wrongUsage(cmd, "%q is not a URL such as http://127.0.0.1:8000", t.url)
	}
	if t.api == client.Bedrock && t.model == "" {
		return nil, nil, wrongUsage(cmd, "the API bedrock has the model in its path: set --model")
	}
	header, err := readHeaders(t.headers)
	if err != nil {
		return nil, nil, wrongUsage(cmd, "%w", err)
	}
	r := &client.Request{Model: t.model, System: t.system, MaxTokens: t.maxTokens}
	if t.tools != "" {
		text, err := os.ReadFile(t.tools)
		if err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal(text, &r.Tools); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", t.tools, err)
		}
	}
	return &client.Client{URL: t.url, API: t.api, HTTP: http.DefaultClient, Header: header}, r, nil
}

// readHeaders reads the values of --header. Errors do not quote them: they may be secret.
func readHeaders(values []string) (http.Header, error) {
	header := http.Header{}
	for _, value := range values {
		lines := []string{value}
		if file, ok := strings.CutPrefix(value, "@"); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			lines = strings.Split(string(text), "\n")
		}
		for _, line := range lines {
			name, text, ok := strings.Cut(strings.TrimSpace(line), ":")
			if !ok && name == "" {
				continue // an empty line
			}
			if !ok {
				return nil, fmt.Errorf("a header is not \"Name: value\"")
			}
			header.Add(strings.TrimSpace(name), strings.TrimSpace(text))
		}
	}
	return header, nil
}
