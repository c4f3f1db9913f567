package fakebedrock

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/http"
	"slices"
)

// bend applies the faults that add or take events.
func (x *exchange) bend(events []Event) []Event {
	at := min(x.b.After, len(events))
	switch x.b.Fault {
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

// strikeAt is the index of the event at which strike is called, -1 for never.
func (x *exchange) strikeAt(events int) int {
	switch x.b.Fault {
	case FaultCut, FaultReset, FaultEnd, FaultStall, FaultException, FaultErrorMessage:
		return min(x.b.After, events)
	case FaultCutFrame, FaultEndFrame, FaultPreludeCRC, FaultMessageCRC, FaultNoType, FaultBadJSON:
		return min(x.b.After, events-1) // they need a frame to spoil
	default:
		return -1
	}
}

// strike lets the fault happen in place of frame. over says that the stream ends
// with it, proper that the response came to its own end.
func (x *exchange) strike(enc *encoder, frame []byte) (over, proper bool) {
	switch x.b.Fault {
	case FaultPreludeCRC:
		return !x.send(spoilPrelude(frame)), false
	case FaultMessageCRC:
		return !x.send(spoilMessage(frame)), false
	case FaultNoType:
		return !x.sendFrame(enc.frame([]byte(`{"p":"ab"}`), ":event-type", "contentBlockDelta", ":content-type", "application/json")), false
	case FaultBadJSON:
		return !x.sendFrame(enc.event(Event{Type: "contentBlockDelta", Raw: []byte(`{"contentBlockIndex":0,"delta":{"text":"x`)})), false
	case FaultException:
		x.last()
		return true, x.sendFrame(enc.exception(x.streamException()))
	case FaultErrorMessage:
		x.last()
		return true, x.sendFrame(enc.errorMessage("InternalError", "An internal server error occurred"))
	case FaultCutFrame, FaultEndFrame:
		_, _ = x.w.Write(frame[:len(frame)/2]) // a client that left is seen by its context
		x.flush()
		return true, x.strikeConnection()
	default:
		return true, x.strikeConnection()
	}
}

func (x *exchange) sendFrame(frame []byte, err error) bool { return err == nil && x.send(frame) }

func (x *exchange) streamException() *Exception {
	if x.b.Exception == nil {
		return exceptionNamed("InternalServerException", "")
	}
	return x.b.Exception
}

// strikeConnection ends the response as the fault says. proper means by HTTP's
// rules.
func (x *exchange) strikeConnection() (proper bool) {
	switch x.b.Fault {
	case FaultStall:
		<-x.ctx.Done()
		return false
	case FaultCut, FaultCutFrame:
		x.drop(false)
		return true // the client did not leave
	case FaultReset:
		x.drop(true)
		return true
	default:
		return true
	}
}

// drop closes the connection in the middle of the response.
func (x *exchange) drop(reset bool) {
	x.call.written()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		// HTTP/2 shares its connection: net/http resets one stream like this.
		panic(http.ErrAbortHandler)
	}
	if reset {
		abort(conn)
	}
	_ = conn.Close() // nothing more is expected of it
}

// abort makes Close send RST instead of FIN.
func abort(conn net.Conn) {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = wrapped.NetConn() // below TLS
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if that fails, Close sends FIN, which ends the client's wait as well
	}
}

// spoilPrelude breaks the checksum of the lengths, and that alone.
func spoilPrelude(frame []byte) []byte {
	bad := slices.Clone(frame)
	bad[preludeLength-1] ^= 0xff
	body := bad[:len(bad)-4]
	binary.BigEndian.PutUint32(bad[len(body):], crc32.ChecksumIEEE(body))
	return bad
}

// spoilMessage breaks the checksum of the frame.
func spoilMessage(frame []byte) []byte {
	bad := slices.Clone(frame)
	bad[len(bad)-1] ^= 0xff
	return bad
}
