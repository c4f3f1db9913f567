package fakebedrock

import (
	"context"
	"maps"
	"net/http"
	"time"

	"bedrock-extproc/tests/fakebedrock/answer"
	"bedrock-extproc/tests/fakebedrock/validate"
)

// exchange is one call and its answer.
type exchange struct {
	server *Server
	w      http.ResponseWriter
	ctx    context.Context // of the request: ends when the client leaves
	req    *Request
	b      Behaviour
	call   *record
}

// serve goes through the behaviour in the order that its type promises.
func (x *exchange) serve() {
	if x.b.Hang {
		<-x.ctx.Done()
		return
	}
	if !wait(x.ctx, x.b.Delay) {
		return
	}
	ctx, cancel := context.WithCancel(x.ctx)
	defer cancel()
	left := func() {
		x.call.leave()
		cancel()
	}
	x.ctx, x.w = ctx, shape(ctx, left, x.w, x.b)
	defer closeSlow(x.w)
	if x.b.CloseConnection {
		x.w.Header().Set("Connection", "close")
	}
	switch inStream := x.b.Fault == FaultException && x.req.Operation == ConverseStream; {
	case x.b.HTTP != nil:
		x.writeHTTP(x.b.HTTP)
	case x.b.Exception != nil && !inStream:
		x.refuse(x.b.Exception)
	default:
		x.answer()
	}
}

// answer validates, composes and sends.
func (x *exchange) answer() {
	if !x.server.config.SkipValidation {
		options := validate.Options{Streaming: x.req.Operation == ConverseStream, LenientRoles: x.server.config.LenientRoles}
		if err := validate.Request(x.req.ModelID, x.req.Body, options); err != nil {
			x.refuse(&Exception{Name: err.Code, Status: err.Status, Message: err.Message, front: err.Code == "SerializationException"})
			return
		}
	}
	started := time.Now()
	reply := x.reply()
	if x.b.Fault == FaultUnknownBlock {
		reply.Content = withUnknownBlock(reply.Content)
	}
	if x.req.Operation == ConverseStream {
		x.stream(reply, started)
	} else {
		x.whole(reply, started)
	}
}

func (x *exchange) reply() Reply {
	var reply Reply
	if x.b.Reply != nil {
		reply = *x.b.Reply
	} else {
		reply = answer.Compose(&x.req.Converse, answer.Options{
			ModelID: x.req.ModelID, Text: x.b.Text, Tokens: x.b.Tokens, Show: x.b.Show,
		})
		x.server.cache.spend(x.req, &reply.Usage, x.server.config.Now())
	}
	if x.b.StopReason != "" {
		reply.StopReason = x.b.StopReason
	}
	if reply.StopReason == "" {
		reply.StopReason = "end_turn"
	}
	return reply
}

func (x *exchange) refuse(e *Exception) {
	x.written(e.write(x.w))
}

// written notes whether the client was there to the end.
func (x *exchange) written(err error) {
	if err == nil {
		x.call.written()
	}
}

func (x *exchange) writeHTTP(a *HTTPAnswer) {
	maps.Copy(x.w.Header(), a.Header)
	x.written(writeWhole(x.w, a.Status, []byte(a.Body)))
}

// open waits for the gate. It returns false when the client left first.
func (x *exchange) open() bool {
	if x.b.Gate == nil {
		return true
	}
	select {
	case <-x.b.Gate:
		return true
	case <-x.ctx.Done():
		return false
	}
}

// shows are the values of the knob show.
func shows() []string { return answer.Shows() }
