package canned

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Recorded are answers of the sidecar to its clients, in files named by their shapes.
type Recorded struct {
	Dir   string
	ready sync.Map // of *answer by name
}

// Record keeps an answer.
func Record(dir string, s Shape, body []byte) error {
	return os.WriteFile(filepath.Join(dir, s.String()), body, 0o600)
}

// ServeUpstream answers with what is recorded until the listener is closed, as an HTTP
// server behind Envoy's router.
func ServeUpstream(l net.Listener, dir string) error {
	recorded := &Recorded{Dir: dir}
	var ready sync.Map // the same, as they are on the wire
	return serveHTTP(l, func(r *requestHead) (*answer, error) {
		name := string(r.answer)
		if known, ok := ready.Load(name); ok {
			return known.(*answer), nil
		}
		a, err := recorded.find(name)
		if err != nil {
			return nil, err
		}
		a = a.overHTTP(a.contentType != "application/json")
		ready.Store(name, a)
		return a, nil
	})
}

// ServeCollector accepts all telemetry that is sent to it by OTLP over HTTP, until the listener
// is closed.
func ServeCollector(l net.Listener) error {
	accepted := (&answer{contentType: "application/x-protobuf", parts: [][]byte{nil}}).overHTTP(false)
	return serveHTTP(l, func(*requestHead) (*answer, error) { return accepted, nil })
}

// find returns the answer with that name.
func (r *Recorded) find(name string) (*answer, error) {
	if known, ok := r.ready.Load(name); ok {
		return known.(*answer), nil
	}
	shape, err := ParseShape(name)
	if err != nil {
		return nil, err
	}
	body, err := os.ReadFile(filepath.Join(r.Dir, shape.String()))
	if err != nil {
		return nil, err
	}
	a := recordedAnswer(shape, body)
	r.ready.Store(name, a)
	return a, nil
}

// recordedAnswer splits a stream of server-sent events. The first event with text of a
// paced one gets the time.
func recordedAnswer(s Shape, body []byte) *answer {
	if s.Events == 0 {
		return &answer{contentType: "application/json", parts: [][]byte{body}}
	}
	parts := bytes.SplitAfter(body, []byte("\n\n"))
	if len(parts[len(parts)-1]) == 0 {
		parts = parts[:len(parts)-1]
	}
	a := &answer{contentType: "text/event-stream", parts: parts, interval: s.Interval()}
	if a.interval == 0 {
		a.parts = join(parts)
		return a
	}
	for i, part := range parts {
		if at := indexDigits(part); at >= 0 {
			a.stamped = i
			a.stamp = func(t time.Time) []byte {
				return append(append(bytes.Clone(part[:at]), stampText(t)...), part[at+StampDigits:]...)
			}
			break
		}
	}
	return a
}

// indexDigits is the index of a recorded time, or -1.
func indexDigits(part []byte) int {
	run := 0
	for i, c := range part {
		if c < '0' || c > '9' {
			run = 0
			continue
		}
		if run++; run == StampDigits {
			return i + 1 - StampDigits
		}
	}
	return -1
}

// Stamp finds the time in the beginning of a paced stream, and where it ends: -1 if it has
// not come yet.
func Stamp(begin []byte) (at time.Time, end int) {
	from := indexDigits(begin)
	if from < 0 {
		return at, -1
	}
	end = from + StampDigits
	ns, err := strconv.ParseInt(string(begin[from:end]), 10, 64)
	if err != nil {
		return at, -1
	}
	return time.Unix(0, ns), end
}
