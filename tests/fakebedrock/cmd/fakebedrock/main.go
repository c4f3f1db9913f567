// Command fakebedrock runs the fake Amazon Bedrock Runtime of package fakebedrock.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

// stopLimit is the time for calls in progress to end at shutdown.
const stopLimit = 2 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the program
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "fakebedrock: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.listKnobs {
		return printKnobs(stdout)
	}
	out := &lines{to: stdout}
	if o.verbose {
		o.config.OnDone = out.call
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: fakebedrock.New(o.config).WithCallsPage(), ReadHeaderTimeout: time.Minute}
	out.printf("fakebedrock: serving on %s://%s\n", o.scheme(), listener.Addr())
	return serve(ctx, server, listener, o)
}

// serve returns after ctx has ended and calls in progress are done or were cut.
func serve(ctx context.Context, server *http.Server, listener net.Listener, o *options) error {
	ended := make(chan error, 1)
	go func() {
		if o.cert != "" {
			ended <- server.ServeTLS(listener, o.cert, o.key)
		} else {
			ended <- server.Serve(listener)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		_ = server.Close() // stalled streams would never end
	}
	<-ended
	return nil
}

// lines writes whole lines. It is safe for concurrent use.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lines) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.to, format, args...)
}

// call prints a summary of a call, without its content.
func (l *lines) call(c fakebedrock.Call) {
	end := "done"
	if c.Aborted {
		end = "client disconnected"
	}
	who := c.AccessKeyID
	if c.Bearer {
		who = "bearer"
	}
	l.printf("#%d %s %s key=%s region=%s bytes=%d status=%d events=%d %s after %s\n", c.Number, c.Operation, c.ModelID, who, c.Region,
		len(c.Body), c.Status, c.Events, end, time.Since(c.Started).Round(time.Millisecond))
}
