package main

import (
	"encoding/base64"
	"fmt"
	"time"

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
		name: "memory", rounds: 3, fresh: true, title: "memory of a new sidecar",
		sides: func(s *stack) (list []side, err error) {
			for _, v := range s.versions {
				list = append(list, side{newer + v.suffix, func() (sample, error) { return s.memoryRound(v) }})
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

// memoryRound starts two sidecars, one after the other.
func (s *stack) memoryRound(v version) (sample, error) {
	got := sample{}
	for _, measure := range []func(*path, sample) error{s.streamMemory, s.bodyMemory} {
		p, err := s.newSidecar("memory", v.program, nil)
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
	const streams = 1000
	idle, _, err := kernel.Memory(p.behind.pid())
	if err != nil {
		return err
	}
	open, err := s.heldMemory(p, streams)
	got[idleBytes], got[streamBytes] = float64(idle)/1e6, float64(open-idle)/streams/1e3
	return err
}

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
