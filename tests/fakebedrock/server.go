package fakebedrock

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Server answers the two operations. It is safe for concurrent use, and has
// nothing to close.
type Server struct {
	config Config
	log    callLog
	faults faultCounts
	cache  promptCache
}

// New returns a server of the configuration, which may be reused.
func New(config Config) *Server {
	config = config.withDefaults()
	s := &Server{config: config}
	s.log.keep = config.KeepCalls
	return s
}

// Operation is what a path asks for.
type Operation string

// The operations.
const (
	Converse       Operation = "Converse"
	ConverseStream Operation = "ConverseStream"
)

// Request is one call, read and authenticated, before it is validated.
type Request struct {
	Number      int // of the call at this server, from 1, refused ones counted
	Operation   Operation
	ModelID     string      // unescaped, without knobs
	Path        string      // escaped, as it came
	Header      http.Header // with the credentials
	Body        []byte
	AccessKeyID string // "" for a bearer token or an unsigned call
	Region      string // that the signature names

	// Converse is the body, as far as it could be read.
	Converse converse.Request

	// Asked is what the request's own knobs ask for.
	Asked Behaviour
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.log.start(r)
	w = &recorder{ResponseWriter: w, call: c}
	defer s.finish(c, r)
	w.Header()["x-amzn-RequestId"] = []string{c.requestID()}

	// Unread, a body would keep net/http from noticing that the client has left.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c.setBody(body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLarge || !wait(r.Context(), s.config.MinDelay) {
		return // the client left
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

// serveCall authenticates, finds the behaviour, and lets it happen.
func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, c *record, req *Request) {
	who, refused := s.authenticate(r, req.Body)
	c.setCaller(who)
	req.AccessKeyID, req.Region = who.accessKeyID, who.region
	if refused != nil {
		refuse(w, c, refused)
		return
	}
	_ = json.Unmarshal(req.Body, &req.Converse) // validation says what is wrong
	if e := s.ask(req); e != nil {
		refuse(w, c, e)
		return
	}
	c.setModel(req.ModelID)
	b := s.config.Script(req)
	(&exchange{server: s, w: w, ctx: r.Context(), req: req, b: b, call: c}).serve()
}

// refuse answers a call before its behaviour is known.
func refuse(w http.ResponseWriter, c *record, e *Exception) {
	if e.write(w) == nil {
		c.written()
	}
}

// finish closes the record of a call.
func (s *Server) finish(c *record, r *http.Request) {
	call := s.log.end(c, r.Context().Err() != nil)
	if s.config.OnDone != nil {
		s.config.OnDone(call)
	}
}

// route reads the escaped path by hand: net/http's patterns would clean
// /model//converse away, which the service answers as a bad model id.
func route(r *http.Request) (op Operation, modelID string, ok bool) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/model/")
	if !ok || r.Method != http.MethodPost {
		return "", "", false
	}
	label, action, ok := strings.Cut(rest, "/")
	if !ok {
		return "", "", false
	}
	modelID, err := url.PathUnescape(label)
	if err != nil {
		return "", "", false
	}
	switch action {
	case "converse":
		return Converse, modelID, true
	case "converse-stream":
		return ConverseStream, modelID, true
	}
	return "", "", false
}

// wait returns false when the client left first.
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
