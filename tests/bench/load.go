package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bedrock-extproc/tests/bench/canned"
)

// load is how a call is repeated. It travels to the SDK program as JSON.
type load struct {
	Shape  canned.Shape  // of the answers
	Conns  int           // calls at one time
	Calls  int           // in all
	Spread time.Duration // over which the first Conns calls begin
}

func (l load) events() int { return l.Calls * l.Shape.Events }

// each makes the calls of a load, one after the other on each connection. It returns the
// first error.
func (l load) each(ctx context.Context, call func(ctx context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for conn := range l.Conns {
		group.Go(func() error {
			time.Sleep(l.Spread * time.Duration(conn) / time.Duration(l.Conns))
			for range (l.Calls + l.Conns - 1 - conn) / l.Conns {
				if err := call(ctx); err != nil {
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
	lines      int // of a complete answer, set by record
}

// chat is a call of the gateway's own API.
func chat(s canned.Shape) request {
	path := "/api/v1/llm/completions"
	if s.Events > 0 {
		path += "/stream"
	}
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"Explain quantum computing"}]}`, canned.Model(s))
	return request{path: path, body: body, shape: s}
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

// ask makes a call and passes the bytes of its answer to on as they come, unless on is nil.
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
		if on != nil && n > 0 {
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

// run makes the calls of a load, and returns the delays of paced events.
func (c *client) run(ctx context.Context, r *request, l load) (all []time.Duration, err error) {
	var mu sync.Mutex
	err = l.each(ctx, func(ctx context.Context) error {
		if l.Shape.Rate == 0 {
			return c.ask(ctx, r, nil)
		}
		d := &delays{interval: l.Shape.Interval(), events: l.Shape.Events}
		if err := c.ask(ctx, r, func(data []byte) { d.read(data, time.Now()) }); err != nil {
			return err
		}
		if len(d.list) != l.Shape.Events {
			return fmt.Errorf("%w: %d events in time instead of %d", errIncomplete, len(d.list), l.Shape.Events)
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, d.list...)
		return nil
	})
	return all, err
}
