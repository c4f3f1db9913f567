package fakebedrock

import (
	"context"
	"maps"
	"net/http"
	"time"

	"bedrock-extproc/tests/fakebedrock/answer"
	"bedrock-extproc/tests/fakebedrock/validate"
)

// responder answers one call.
type responder struct {
	server *Server
	w      http.ResponseWriter
	ctx    context.Context // the request's: ends when the client disconnects
	req    *Request
	b      Behaviour
	call   *record
}

// serve applies the behaviour in the order that Behaviour documents.
func (r *responder) serve() {
	if r.b.Hang {
		<-r.ctx.Done()
		return
	}
	if !wait(r.ctx, r.b.Delay) {
		return
	}
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	left := func() {
		r.call.setLeft()
		cancel()
	}
	r.ctx, r.w = ctx, shapeWrites(ctx, left, r.w, r.b)
	defer closeSlow(r.w)
	if r.b.CloseConnection {
		r.w.Header().Set("Connection", "close")
	}
	switch inStream := r.b.Fault == FaultException && r.req.Operation == ConverseStream; {
	case r.b.HTTP != nil:
		r.writeHTTP(r.b.HTTP)
	case r.b.Exception != nil && !inStream:
		r.refuse(r.b.Exception)
	default:
		r.answer()
	}
}

// answer validates the request, then composes and sends the reply.
func (r *responder) answer() {
	if err := r.validate(); err != nil {
		e := &Exception{Name: err.Code, Status: err.Status, Message: err.Message, front: err.Code == "SerializationException"}
		if err.InStream {
			r.streamError(e)
		} else {
			r.refuse(e)
		}
		return
	}
	if r.req.Operation == CountTokens {
		r.countTokens()
		return
	}
	started := time.Now()
	reply := r.reply()
	if r.b.Fault == FaultUnknownBlock {
		reply.Content = withUnknownBlock(reply.Content)
	}
	if r.req.Operation == ConverseStream {
		r.stream(reply, started)
	} else {
		r.whole(reply, started)
	}
}

// validate returns the service's error for the request, nil if it accepts it.
func (r *responder) validate() *validate.Error {
	options := validate.Options{Streaming: r.req.Operation == ConverseStream, LenientRoles: r.server.config.LenientRoles}
	switch {
	case r.server.config.SkipValidation:
		return nil
	case r.req.Operation == CountTokens:
		return validate.CountTokens(r.req.ModelID, r.req.Body, options)
	}
	return validate.Request(r.req.ModelID, r.req.Body, options)
}

func (r *responder) reply() Reply {
	var reply Reply
	if r.b.Reply != nil {
		reply = *r.b.Reply
	} else {
		reply = answer.Compose(&r.req.Converse, answer.Options{
			ModelID: r.req.ModelID, Text: r.b.Text, Tokens: r.b.Tokens, Reasoning: r.b.Reasoning, Show: r.b.Show,
		})
		r.server.cache.apply(r.req, &reply.Usage, r.server.config.Now())
	}
	if r.b.StopReason != "" {
		reply.StopReason = r.b.StopReason
	}
	if reply.StopReason == "" {
		reply.StopReason = "end_turn"
	}
	return reply
}

func (r *responder) refuse(e *Exception) {
	r.written(e.write(r.w))
}

// written records that the response is complete, unless err is set.
func (r *responder) written(err error) {
	if err == nil {
		r.call.setComplete()
	}
}

func (r *responder) writeHTTP(a *HTTPAnswer) {
	maps.Copy(r.w.Header(), a.Header)
	r.written(writeWhole(r.w, a.Status, []byte(a.Body)))
}

// awaitGate waits for the gate. It returns false if the client disconnects first.
func (r *responder) awaitGate() bool {
	if r.b.Gate == nil {
		return true
	}
	select {
	case <-r.b.Gate:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// shows are the values of the knob show.
func shows() []string { return answer.Shows() }
