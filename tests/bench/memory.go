package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/bench/kernel"
)

// The values of the memory of a sidecar.
const (
	idleBytes   = "resident memory when idle"
	streamBytes = "resident memory per open stream"
	bodiesPeak  = "most memory over idle per byte of two bodies"
)

// memory is what a new sidecar takes, for each of two things that a client can cause.
func memory() figure {
	return figure{
		name: "memory", rounds: 3, title: "memory of a new sidecar",
		sides: func(s *stack) (list []side, err error) {
			for _, name := range s.sidecarNames() {
				list = append(list, side{name, func() (sample, error) { return s.memoryRound(name) }})
			}
			return list, nil
		},
		rows: []row{
			{label: "idle", value: idleBytes, unit: "MB", of: newer, goal: 20},
			{label: "each of 1,000 open streams", value: streamBytes, unit: "kB", of: newer, goal: 40},
			{label: "most for two bodies of 10 MB, over idle, per byte", value: bodiesPeak, of: newer, goal: 3},
		},
	}
}

// settle is the time in which a program that has become idle frees what it can.
const settle = 500 * time.Millisecond

// memoryRound starts two sidecars of a side, one after the other.
func (s *stack) memoryRound(side string) (sample, error) {
	got := sample{}
	for _, measure := range []func(*path, sample) error{s.streamMemory, s.bodyMemory} {
		p, err := s.newSidecar("memory", side, nil, nil)
		if err != nil {
			return nil, err
		}
		time.Sleep(settle)
		err = measure(p, got)
		p.stop()
		if err != nil {
			return nil, p.behind.explain(err)
		}
	}
	return got, nil
}

// streamMemory holds streams open, each of which has begun.
func (s *stack) streamMemory(p *path, got sample) error {
	idle, _, err := kernel.Memory(p.behind.pid())
	if err != nil {
		return err
	}
	got[idleBytes] = float64(idle) / 1e6
	open, err := s.openStreams(p, 1000)
	got[streamBytes] = float64(open-idle) / 1000 / 1e3
	return err
}

// openStreams returns the memory of what is behind p when that many streams are open.
func (s *stack) openStreams(p *path, streams int) (open int64, err error) {
	r := chat(canned.Shape{Events: 1000, Rate: 1})
	ctx, cancel := context.WithCancelCause(s.ctx)
	var begun atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	client := newClient(p.url)
	for range streams {
		group.Go(func() error {
			resp, err := client.open(ctx, &r)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
				return err
			}
			begun.Add(1)
			<-ctx.Done()
			return nil
		})
	}
	for ctx.Err() == nil && begun.Load() < int64(streams) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(settle)
	open, _, err = kernel.Memory(p.behind.pid())
	cancel(errMeasured)
	client.http.CloseIdleConnections()
	return open, errors.Join(err, group.Wait())
}

// errMeasured ends streams that have served their purpose.
var errMeasured = errors.New("measured")

// bodyMemory sends two bodies at a time, each with an image of ten megabytes.
func (s *stack) bodyMemory(p *path, got sample) error {
	idle, _, err := kernel.Memory(p.behind.pid())
	if err != nil {
		return err
	}
	if err := kernel.ResetPeak(p.behind.pid()); err != nil {
		return err
	}
	r := large(10_000_000)
	l := load{Conns: 2, Calls: 2}
	if _, err := newClient(p.url).run(s.ctx, &r, l); err != nil {
		return err
	}
	_, peak, err := kernel.Memory(p.behind.pid())
	got[bodiesPeak] = float64(peak-idle) / float64(l.Calls*len(r.body))
	return err
}

// large is a whole call whose body has about that many bytes: an image.
func large(bytes int) request {
	r := chat(canned.Shape{})
	image := base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, bytes*3/4)...))
	r.body = fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,%s"}}]}]}`,
		canned.Model(r.shape), image)
	return r
}
