package fakebedrock_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
)

const (
	claude = "us.anthropic.claude-sonnet-4-20250514-v1:0"
	nova   = "us.amazon.nova-pro-v1:0"
)

// start starts a server on loopback and returns an SDK client for it.
func start(t *testing.T, config fakebedrock.Config) (*fakebedrock.Server, *bedrockruntime.Client) {
	t.Helper()
	bedrock := fakebedrock.New(config)
	server := httptest.NewServer(bedrock)
	t.Cleanup(server.Close)
	return bedrock, newClient(t, server.URL, server.Client())
}

// newClient returns the ordinary SDK client with the demo identity and one attempt.
func newClient(t *testing.T, url string, transport *http.Client, with ...func(*bedrockruntime.Options)) *bedrockruntime.Client {
	t.Helper()
	o := bedrockruntime.Options{
		BaseEndpoint: &url,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, ""),
		HTTPClient:   bedrocktest.PlainBody{Client: transport},
		Retryer:      aws.NopRetryer{},
	}
	return bedrockruntime.New(o, append([]func(*bedrockruntime.Options){sigv4}, with...)...)
}

// SigV4 overrides a bearer token in the environment.
func sigv4(o *bedrockruntime.Options) { o.AuthSchemePreference = []string{"sigv4"} }

func user(text string) []types.Message { return []types.Message{turn("user", text)} }

func turn(role, text string) types.Message {
	return types.Message{Role: types.ConversationRole(role), Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: text}}}
}

func ask(text string) *bedrockruntime.ConverseInput {
	return &bedrockruntime.ConverseInput{ModelId: new(claude), Messages: user(text)}
}

func askStream(text string) *bedrockruntime.ConverseStreamInput {
	return &bedrockruntime.ConverseStreamInput{ModelId: new(claude), Messages: user(text)}
}

// say calls Converse and returns the answer's text.
func say(t *testing.T, client *bedrockruntime.Client, in *bedrockruntime.ConverseInput) (string, *bedrockruntime.ConverseOutput) {
	t.Helper()
	out, err := client.Converse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	message, ok := out.Output.(*types.ConverseOutputMemberMessage)
	if !ok {
		t.Fatalf("output is %T", out.Output)
	}
	return text(message.Value.Content), out
}

func text(content []types.ContentBlock) string {
	var b strings.Builder
	for _, block := range content {
		if t, ok := block.(*types.ContentBlockMemberText); ok {
			b.WriteString(t.Value)
		}
	}
	return b.String()
}

// collect reads a stream until it ends.
func collect(t *testing.T, client *bedrockruntime.Client, in *bedrockruntime.ConverseStreamInput) ([]types.ConverseStreamOutput, error) {
	t.Helper()
	out, err := client.ConverseStream(t.Context(), in, bedrocktest.OwnProtocol)
	if err != nil {
		return nil, err
	}
	stream := out.GetStream()
	defer stream.Close()
	var events []types.ConverseStreamOutput
	for ev := range stream.Events() {
		events = append(events, ev)
	}
	return events, stream.Err()
}

func streamText(events []types.ConverseStreamOutput) string {
	var b strings.Builder
	for _, ev := range events {
		if delta, ok := ev.(*types.ConverseStreamOutputMemberContentBlockDelta); ok {
			if text, ok := delta.Value.Delta.(*types.ContentBlockDeltaMemberText); ok {
				b.WriteString(text.Value)
			}
		}
	}
	return b.String()
}

// code returns the AWS error code of err.
func code(err error) string {
	if apiErr, ok := errors.AsType[smithy.APIError](err); ok {
		return apiErr.ErrorCode()
	}
	return ""
}
