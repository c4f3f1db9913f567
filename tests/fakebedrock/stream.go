package fakebedrock

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// stream answers a ConverseStream call.
func (x *exchange) stream(reply Reply, started time.Time) {
	events := x.b.Events
	if events == nil {
		var err error
		if events, err = streamEvents(reply, x.req.ModelID); err != nil {
			x.refuse(exceptionNamed("InternalServerException", fmt.Sprintf("fakebedrock: the scripted reply is not JSON: %v", err)))
			return
		}
	}
	events = x.bend(events)
	x.w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	x.w.WriteHeader(http.StatusOK)
	x.flush()
	if x.sendAll(events, started) {
		x.call.written()
	}
}

// last is called before the last frame: whoever has it may leave without waiting
// for the end of the response.
func (x *exchange) last() {
	if x.ctx.Err() == nil {
		x.call.written()
	}
}

// sendAll returns false when the stream did not come to a proper end of the
// response: the client left, or a fault cut it.
func (x *exchange) sendAll(events []Event, started time.Time) bool {
	enc := newEncoder()
	strike := x.strikeAt(len(events))
	for i, ev := range events {
		if !x.pause(ev) {
			return false
		}
		frame, err := enc.event(timed(ev, started))
		if err != nil {
			return false
		}
		if i == strike {
			if over, proper := x.strike(enc, frame); over {
				return proper
			}
			continue
		}
		if i == len(events)-1 && strike < len(events) {
			x.last()
		}
		if !x.send(frame) {
			return false
		}
	}
	if strike == len(events) {
		_, proper := x.strike(enc, nil)
		return proper
	}
	return true
}

// pause waits for the gate, and before a token for the pace.
func (x *exchange) pause(ev Event) bool {
	if !x.open() {
		return false
	}
	pace := x.b.Pace
	if pace == 0 {
		pace = x.server.config.Pace
	}
	if ev.Type != "contentBlockDelta" {
		pace = 0
	}
	return wait(x.ctx, pace)
}

// timed sets the latency of the metadata event, which is known when it is sent.
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

// send writes one frame and pushes it out. It returns false when the client left.
func (x *exchange) send(frame []byte) bool {
	if _, err := x.w.Write(frame); err != nil {
		return false
	}
	x.call.addEvent()
	return x.flush()
}

func (x *exchange) flush() bool {
	err := http.NewResponseController(x.w).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		err = nil // somebody wrapped the writer: all comes at the end
	}
	return err == nil && x.ctx.Err() == nil
}
