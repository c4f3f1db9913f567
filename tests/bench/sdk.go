package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/fakebedrock"
)

// sdkProcess is a program that does with the AWS SDK what the sidecar does: it makes calls,
// and reads the answers. It gets loads on a socket, and answers each when it is done.
type sdkProcess struct {
	*process
	conn net.Conn
}

// startSDK starts the program once.
func (s *stack) startSDK() (*sdkProcess, error) {
	if s.sdk != nil {
		return s.sdk, nil
	}
	bedrock, err := s.bedrockURL()
	if err != nil {
		return nil, err
	}
	socket := s.socket("sdk")
	p, err := s.start("sdk", socket, nil, s.self, "sdk", socket, bedrock)
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(s.ctx, "unix", socket[len("unix://"):])
	if err != nil {
		return nil, err
	}
	s.sdk = &sdkProcess{p, conn}
	return s.sdk, nil
}

// run has the program make the calls of a load.
func (p *sdkProcess) run(l load) error {
	if err := json.NewEncoder(p.conn).Encode(l); err != nil {
		return p.explain(err)
	}
	answer, err := bufio.NewReader(p.conn).ReadString('\n')
	if err != nil {
		return p.explain(err)
	}
	if answer != "done\n" {
		return p.explain(errors.New(answer))
	}
	return nil
}

// serveSDK is the program.
func serveSDK(ctx context.Context, l net.Listener, bedrock string) error {
	sdk := bedrockruntime.New(bedrockruntime.Options{
		BaseEndpoint: &bedrock, Region: "us-east-1",
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, "")),
		HTTPClient:  bedrocktest.PlainBody{Client: awshttp.NewBuildableClient().WithTransportOptions(keepConnections)},
	})
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		if err := serveLoads(ctx, conn, sdk); err != nil {
			return err
		}
	}
}

// keepConnections lets the SDK keep more than its ten connections: with more calls at one
// time, most would open a new one.
func keepConnections(t *http.Transport) { t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 10_000 }

// serveLoads makes the calls of each load that a connection asks for.
func serveLoads(ctx context.Context, conn net.Conn, sdk *bedrockruntime.Client) error {
	defer conn.Close()
	loads := json.NewDecoder(conn)
	for {
		var l load
		if err := loads.Decode(&l); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		result := "done"
		if err := l.each(ctx, func(ctx context.Context, _ time.Time) error { return sdkCall(ctx, sdk, l.Shape) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			result = "failed"
		}
		if _, err := fmt.Fprintln(conn, result); err != nil {
			return err
		}
	}
}

func sdkCall(ctx context.Context, sdk *bedrockruntime.Client, s canned.Shape) error {
	model := canned.Model(s)
	messages := []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: "Explain quantum computing"}}}}
	if s.Events == 0 {
		_, err := sdk.Converse(ctx, &bedrockruntime.ConverseInput{ModelId: &model, Messages: messages})
		return err
	}
	out, err := sdk.ConverseStream(ctx, &bedrockruntime.ConverseStreamInput{ModelId: &model, Messages: messages}, bedrocktest.OwnProtocol)
	if err != nil {
		return err
	}
	stream := out.GetStream()
	defer stream.Close()
	deltas := 0
	for event := range stream.Events() {
		if _, ok := event.(*types.ConverseStreamOutputMemberContentBlockDelta); ok {
			deltas++
		}
	}
	if err := stream.Err(); err != nil {
		return err
	}
	if deltas != s.Events {
		return fmt.Errorf("%w: %d events instead of %d", errIncomplete, deltas, s.Events)
	}
	return nil
}
