package fakebedrock

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Server serves Converse, ConverseStream and CountTokens. It is safe for concurrent use
// and needs no Close.
type Server struct {
	config Config
	log    callLog
	faults faultCounts
	cache  promptCache
}

// New returns a server. The configuration may be reused.
func New(config Config) *Server {
	config = config.withDefaults()
	s := &Server{config: config}
	s.log.keep = config.KeepCalls
	return s
}

// Request is a call that has been read and authenticated, but not validated.
type Request struct {
	Number      int // counts all calls of this server, from 1
	Operation   Operation
	ModelID     string      // unescaped, without knobs
	Path        string      // escaped, as received
	Header      http.Header // including credentials
	Body        []byte
	AccessKeyID string // "" for a bearer token or an unsigned call
	Region      string // from the signature

	// Converse is the decoded body, as far as it could be decoded. For CountTokens it is
	// the request whose tokens are counted.
	Converse converse.Request

	// Asked is the behaviour that the request's knobs set.
	Asked Behaviour
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.log.start(r)
	w = &recorder{ResponseWriter: w, call: c}
	defer s.finish(c, r)
	w.Header()["x-amzn-RequestId"] = []string{c.requestID()}

	// net/http does not notice a disconnect while the body is unread.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c.setBody(body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLarge || !wait(r.Context(), s.config.MinDelay) {
		return // the client disconnected
	} else if tooLarge {
		refuse(w, c, exceptionNamed("RequestEntityTooLargeException", ""))
		return
	}
	operation, modelID, ok := route(r)
	if !ok {
		refuse(w, c, exceptionNamed("UnknownOperationException", ""))
		return
	}
	c.setOperation(operation, modelID)
	s.serveCall(w, r, c, &Request{
		Number: c.number(), Operation: operation, ModelID: modelID, Path: r.URL.EscapedPath(), Header: r.Header, Body: body,
	})
}

// serveCall authenticates a call, chooses its behaviour, and answers it.
func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, c *record, req *Request) {
	who, refused := s.authenticate(r, req.Body)
	c.setCaller(who)
	req.AccessKeyID, req.Region = who.accessKeyID, who.region
	if refused != nil {
		refuse(w, c, refused)
		return
	}
	if e := denied(req.Operation, req.ModelID, who.region); e != nil {
		refuse(w, c, e)
		return
	}
	req.decode()
	if e := s.readKnobs(req); e != nil {
		refuse(w, c, e)
		return
	}
	c.setModel(req.ModelID)
	b := s.config.Script(req)
	(&responder{server: s, w: w, ctx: r.Context(), req: req, b: b, call: c}).serve()
}

// decode sets Converse from the body. Validation reports errors.
func (r *Request) decode() {
	if r.Operation != CountTokens {
		_ = json.Unmarshal(r.Body, &r.Converse)
		return
	}
	var count struct {
		Input struct{ Converse converse.Request }
	}
	_ = json.Unmarshal(r.Body, &count)
	r.Converse = count.Input.Converse
}

// refuse rejects a call whose behaviour is not known yet.
func refuse(w http.ResponseWriter, c *record, e *Exception) {
	if e.write(w) == nil {
		c.setComplete()
	}
}

// finish completes the record of a call and calls OnDone.
func (s *Server) finish(c *record, r *http.Request) {
	call := s.log.end(c, r.Context().Err() != nil)
	if s.config.OnDone != nil {
		s.config.OnDone(call)
	}
}

// wait waits for d. It returns false if ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
