package fakebedrock

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// stream answers a ConverseStream call.
func (r *responder) stream(reply Reply, started time.Time) {
	events := r.b.Events
	if events == nil {
		var err error
		if events, err = streamEvents(reply, r.req.ModelID); err != nil {
			r.refuse(exceptionNamed("InternalServerException", fmt.Sprintf("fakebedrock: the scripted reply is not JSON: %v", err)))
			return
		}
	}
	events = r.editEvents(events)
	r.startStream()
	if r.sendAll(events, reply.Usage, started) {
		r.call.setComplete()
	}
}

func (r *responder) startStream() {
	r.w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	r.w.WriteHeader(http.StatusOK)
	r.flush()
}

// streamError sends a stream of one exception.
func (r *responder) streamError(e *Exception) {
	r.startStream()
	r.markLast()
	r.sendFrame(newEncoder().exception(e))
}

// markLast is called before the last frame is sent: a client may disconnect after it
// without waiting for the end of the response.
func (r *responder) markLast() {
	if r.ctx.Err() == nil {
		r.call.setComplete()
	}
}

// sendAll sends the events, of which the metadata has the usage. It returns false if the response did not end properly
// because the client disconnected or a fault cut it.
func (r *responder) sendAll(events []Event, usage Usage, started time.Time) bool {
	enc := newEncoder()
	fault := r.faultIndex(len(events))
	for i, ev := range events {
		if !r.pause(ev) {
			return false
		}
		frame, err := enc.event(timed(ev, started))
		if err != nil {
			return false
		}
		if i == fault {
			if over, proper := r.applyFault(enc, frame); over {
				return proper
			}
			continue
		}
		if i == len(events)-1 && fault < len(events) {
			r.markLast()
		}
		if ev.Type == "metadata" {
			r.call.setUsage(usage)
		}
		if !r.send(frame) {
			return false
		}
	}
	if fault == len(events) {
		_, proper := r.applyFault(enc, nil)
		return proper
	}
	return true
}

// pause waits for the gate and, before a token, for the pace.
func (r *responder) pause(ev Event) bool {
	if !r.awaitGate() {
		return false
	}
	pace := r.b.Pace
	if pace == 0 {
		pace = r.server.config.Pace
	}
	if ev.Type != "contentBlockDelta" {
		pace = 0
	}
	return wait(r.ctx, pace)
}

// timed sets the latency of the metadata event.
func timed(ev Event, started time.Time) Event {
	if ev.Type != "metadata" || ev.Members == nil || ev.Members["metrics"] != nil {
		return ev
	}
	members := map[string]any{"metrics": map[string]any{"latencyMs": time.Since(started).Milliseconds()}}
	for name, value := range ev.Members {
		if name != "metrics" {
			members[name] = value
		}
	}
	return Event{Type: ev.Type, Members: members}
}

// send writes and flushes one frame. It returns false if the client disconnected.
func (r *responder) send(frame []byte) bool {
	if _, err := r.w.Write(frame); err != nil {
		return false
	}
	r.call.addEvent()
	return r.flush()
}

func (r *responder) flush() bool {
	err := http.NewResponseController(r.w).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		err = nil // a wrapped writer without Flush sends everything at the end
	}
	return err == nil && r.ctx.Err() == nil
}
