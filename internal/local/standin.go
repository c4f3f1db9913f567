package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/tests/fakebedrock"
)

const (
	// tokenPace is the time between the tokens of a stream: a person can watch it.
	tokenPace = 25 * time.Millisecond
	// standInStopLimit is the time for calls in progress to end.
	standInStopLimit = 2 * time.Second
)

// startStandIn serves the stand-in for Bedrock. stop ends it, after the processes that
// call it; until then its failure is reported like the end of a process.
func (s *Settings) startStandIn(ctx context.Context, g *group) (stop func(), err error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", loopback(s.Bedrock))
	if err != nil {
		return nil, fmt.Errorf("the stand-in for Bedrock: %w", err)
	}
	bedrock := fakebedrock.New(fakebedrock.Config{Pace: tokenPace, KeepCalls: -1})
	server := &http.Server{Handler: bedrock.WithCallsPage(), ReadHeaderTimeout: time.Minute, ErrorLog: zap.NewStdLog(zap.NewNop())}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			g.ended <- fmt.Errorf("the stand-in for Bedrock ended: %w", err)
		}
	}()
	g.say("bedrock", "a stand-in serves on http://"+listener.Addr().String())
	return func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), standInStopLimit)
		defer cancel()
		if err := server.Shutdown(limit); err != nil {
			_ = server.Close() // stalled streams would never end
		}
		<-done
	}, nil
}
