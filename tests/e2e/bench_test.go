package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"bedrock-extproc/tests/fakebedrock"
)

// answerOf returns a script that answers at once with that many tokens.
func answerOf(tokens int) func(*fakebedrock.Request) fakebedrock.Behaviour {
	return always(fakebedrock.Behaviour{Answer: fakebedrock.Answer{Tokens: tokens}})
}

// BenchmarkCall compares a call through Envoy and the sidecar with one from the AWS SDK
// directly to the fake Bedrock. All processes share this machine.
func BenchmarkCall(b *testing.B) {
	s := start(b, answerOf(100))
	direct := sdkClient(b, answerOf(100))
	client := newClient(false)
	b.Run("whole/envoy", func(b *testing.B) {
		for b.Loop() {
			ask(b, client, s.completions())
		}
	})
	b.Run("whole/sdk", func(b *testing.B) {
		for b.Loop() {
			if _, err := direct.Converse(b.Context(), &bedrockruntime.ConverseInput{ModelId: aws.String("us.amazon.nova-pro-v1:0"), Messages: question()}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("stream-100/envoy", func(b *testing.B) {
		for b.Loop() {
			ask(b, client, s.stream())
		}
	})
	b.Run("stream-100/sdk", func(b *testing.B) {
		for b.Loop() {
			sdkStream(b, direct)
		}
	})
}

func ask(b *testing.B, client *http.Client, url string) {
	b.Helper()
	resp, err := client.Post(url, "application/json", strings.NewReader(askSum))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK || n == 0 {
		b.Fatalf("status %d, %d bytes, %v", resp.StatusCode, n, err)
	}
}

func question() []types.Message {
	return []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: "What is 2+2?"}}}}
}

// sdkClient starts a fake Bedrock and returns an SDK client for it.
func sdkClient(b *testing.B, script func(*fakebedrock.Request) fakebedrock.Behaviour) *bedrockruntime.Client {
	b.Helper()
	server := httptest.NewServer(fakebedrock.New(fakebedrock.Config{Script: script}))
	b.Cleanup(server.Close)
	return bedrockruntime.New(bedrockruntime.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, ""),
	})
}

func sdkStream(b *testing.B, client *bedrockruntime.Client) {
	b.Helper()
	out, err := client.ConverseStream(b.Context(), &bedrockruntime.ConverseStreamInput{ModelId: aws.String("us.amazon.nova-pro-v1:0"), Messages: question()},
		func(o *bedrockruntime.Options) { o.Protocol = restjson1.New(nil) })
	if err != nil {
		b.Fatal(err)
	}
	stream := out.GetStream()
	defer stream.Close()
	n := 0
	for range stream.Events() {
		n++
	}
	if err := stream.Err(); err != nil || n < 100 {
		b.Fatalf("%d events, %v", n, err)
	}
}
