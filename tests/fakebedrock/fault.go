package fakebedrock

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/http"
	"slices"
)

// editEvents applies the faults that add or remove events.
func (r *responder) editEvents(events []Event) []Event {
	at := min(r.b.After, len(events))
	switch r.b.Fault {
	case FaultUnknownEvent:
		return slices.Insert(slices.Clone(events), at, Event{Type: "tokenForecast", Members: map[string]any{"remaining": 3}})
	case FaultUnknownDelta:
		return slices.Insert(slices.Clone(events), at, Event{Type: "contentBlockDelta", Members: map[string]any{
			"contentBlockIndex": 0, "delta": map[string]any{"hologram": map[string]any{"depth": 3}},
		}})
	case FaultNoStop:
		return slices.DeleteFunc(slices.Clone(events), func(ev Event) bool { return ev.Type == "messageStop" || ev.Type == "metadata" })
	case FaultNoMetadata:
		return slices.DeleteFunc(slices.Clone(events), func(ev Event) bool { return ev.Type == "metadata" })
	default:
		return events
	}
}

// faultIndex returns the index of the event at which applyFault is called, or -1.
func (r *responder) faultIndex(events int) int {
	switch r.b.Fault {
	case FaultCut, FaultReset, FaultEnd, FaultStall, FaultException, FaultErrorMessage:
		return min(r.b.After, events)
	case FaultCutFrame, FaultEndFrame, FaultPreludeCRC, FaultMessageCRC, FaultNoType, FaultBadJSON:
		return min(r.b.After, events-1) // they need a frame to corrupt
	default:
		return -1
	}
}

// applyFault applies the fault instead of sending frame. over means that the stream
// ends here, proper that the response ended as intended.
func (r *responder) applyFault(enc *encoder, frame []byte) (over, proper bool) {
	switch r.b.Fault {
	case FaultPreludeCRC:
		return !r.send(corruptPrelude(frame)), false
	case FaultMessageCRC:
		return !r.send(corruptMessage(frame)), false
	case FaultNoType:
		return !r.sendFrame(enc.frame([]byte(`{"p":"ab"}`), ":event-type", "contentBlockDelta", ":content-type", "application/json")), false
	case FaultBadJSON:
		return !r.sendFrame(enc.event(Event{Type: "contentBlockDelta", Raw: []byte(`{"contentBlockIndex":0,"delta":{"text":"x`)})), false
	case FaultException:
		r.markLast()
		return true, r.sendFrame(enc.exception(r.streamException()))
	case FaultErrorMessage:
		r.markLast()
		return true, r.sendFrame(enc.errorMessage("InternalError", "An internal server error occurred"))
	case FaultCutFrame, FaultEndFrame:
		_, _ = r.w.Write(frame[:len(frame)/2]) // the context reports a disconnected client
		r.flush()
		return true, r.breakConnection()
	default:
		return true, r.breakConnection()
	}
}

func (r *responder) sendFrame(frame []byte, err error) bool { return err == nil && r.send(frame) }

func (r *responder) streamException() *Exception {
	if r.b.Exception == nil {
		return exceptionNamed("InternalServerException", "")
	}
	return r.b.Exception
}

// breakConnection ends the response as the fault requires. proper is false if the
// client disconnected.
func (r *responder) breakConnection() (proper bool) {
	switch r.b.Fault {
	case FaultStall:
		<-r.ctx.Done()
		return false
	case FaultCut, FaultCutFrame:
		r.drop(false)
		return true // the client did not disconnect
	case FaultReset:
		r.drop(true)
		return true
	default:
		return true
	}
}

// drop closes the connection in the middle of the response.
func (r *responder) drop(reset bool) {
	r.call.setComplete()
	conn, _, err := http.NewResponseController(r.w).Hijack()
	if err != nil {
		// On HTTP/2 this makes net/http reset only this stream.
		panic(http.ErrAbortHandler)
	}
	if reset {
		sendReset(conn)
	}
	_ = conn.Close() // the error does not matter
}

// sendReset makes Close send RST instead of FIN.
func sendReset(conn net.Conn) {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = wrapped.NetConn() // below TLS
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // on failure Close sends FIN, which also ends the client's wait
	}
}

// corruptPrelude returns the frame with a wrong prelude checksum and a correct message
// checksum.
func corruptPrelude(frame []byte) []byte {
	bad := slices.Clone(frame)
	bad[preludeLength-1] ^= 0xff
	body := bad[:len(bad)-4]
	binary.BigEndian.PutUint32(bad[len(body):], crc32.ChecksumIEEE(body))
	return bad
}

// corruptMessage returns the frame with a wrong message checksum.
func corruptMessage(frame []byte) []byte {
	bad := slices.Clone(frame)
	bad[len(bad)-1] ^= 0xff
	return bad
}
