package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/bench/kernel"
)

// load is how a call is repeated. It travels to the SDK program as JSON.
type load struct {
	Shape  canned.Shape  // of the answers
	Conns  int           // calls at one time
	Calls  int           // in all
	Rate   float64       // calls a second; 0 makes each as soon as there is a connection
	Spread time.Duration // over which the connections make their first calls
}

func (l load) events() int { return l.Calls * l.Shape.Events }

// each makes the calls of a load. call gets the time at which it is due, which has passed if
// all connections were busy then. The result is the first error.
func (l load) each(ctx context.Context, call func(ctx context.Context, due time.Time) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	began := time.Now()
	for conn := range l.Conns {
		group.Go(func() error {
			time.Sleep(l.Spread * time.Duration(conn) / time.Duration(l.Conns))
			for number := next.Add(1); number <= int64(l.Calls); number = next.Add(1) {
				due := time.Now()
				if l.Rate > 0 {
					due = began.Add(time.Duration(float64(number) * float64(time.Second) / l.Rate))
					kernel.Sleep(time.Until(due))
				}
				if err := call(ctx, due); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// request is a call of one of the APIs.
type request struct {
	path, body string
	shape      canned.Shape
	header     http.Header // nil for none
	lines      int         // of a complete answer, set by record
}

// client makes the calls of one path, on connections that stay open.
type client struct {
	http *http.Client
	url  string
}

func newClient(url string) *client {
	return &client{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10_000}}, url: url}
}

// open sends a request and returns an answer with status 200, which the caller closes.
func (c *client) open(ctx context.Context, r *request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+r.path, strings.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, r.header)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(canned.Header, r.shape.String())
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // it only explains
		return nil, fmt.Errorf("%s: %s: %s", r.path, resp.Status, text)
	}
	return resp, nil
}

var errIncomplete = errors.New("an answer is incomplete")

// buffers are of the answers being read.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// ask makes a call and passes the bytes of its answer to on as they come.
func (c *client) ask(ctx context.Context, r *request, on func([]byte)) error {
	resp, err := c.open(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	lines := 0
	for {
		n, err := resp.Body.Read(buf[:])
		lines += bytes.Count(buf[:n], []byte("\n"))
		if n > 0 {
			on(buf[:n])
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return err
		case lines != r.lines:
			return fmt.Errorf("%w: %s: %d lines instead of %d", errIncomplete, r.path, lines, r.lines)
		default:
			return nil
		}
	}
}

// run makes the calls of a load. It returns the delays of paced events, or else the times
// from which a call was due to the first byte of its answer.
func (c *client) run(ctx context.Context, r *request, l load) (all []time.Duration, err error) {
	var mu sync.Mutex
	err = l.each(ctx, func(ctx context.Context, due time.Time) error {
		times, err := c.timed(ctx, r, due)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, times...)
		return err
	})
	return all, err
}

// timed makes one call of run.
func (c *client) timed(ctx context.Context, r *request, due time.Time) (times []time.Duration, err error) {
	if r.shape.Rate == 0 {
		err = c.ask(ctx, r, func([]byte) {
			if times == nil {
				times = []time.Duration{time.Since(due)}
			}
		})
		return times, err
	}
	d := &delays{interval: r.shape.Interval(), events: r.shape.Events}
	err = c.ask(ctx, r, func(data []byte) { d.read(data, time.Now()) })
	if err == nil && len(d.list) != r.shape.Events {
		err = fmt.Errorf("%w: %d events in time instead of %d", errIncomplete, len(d.list), r.shape.Events)
	}
	return d.list, err
}
