package fakebedrock

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxKeptBytes bounds the bodies of the calls that are kept.
const maxKeptBytes = 256 << 20

// Call is the record of one call.
type Call struct {
	Number      int    // of the call at this server, from 1
	RequestID   string // as in x-amzn-RequestId
	Operation   Operation
	ModelID     string // unescaped, without knobs
	Path        string // escaped, as it came
	Header      http.Header
	Body        []byte // as it came; shared, not to be changed
	AccessKeyID string // "" for a bearer token or an unsigned call
	Bearer      bool
	Region      string // that the signature names
	Protocol    string // HTTP/1.1 or HTTP/2.0
	Started     time.Time

	Status  int  // of the response, 0 for none
	Events  int  // frames of a stream that were written
	Done    bool // nothing more will be written
	Aborted bool // the client left before the end of the response
}

// secretHeaders are not recorded.
var secretHeaders = []string{"Authorization", "X-Amz-Security-Token"}

// callLog keeps the latest calls. Its zero value keeps none.
type callLog struct {
	mu       sync.Mutex
	keep     int
	bytes    int // of the bodies of records
	records  []*record
	started  int
	finished int
	aborted  int
}

// record is a Call that is still written.
type record struct {
	log  *callLog
	call Call // guarded by log.mu
	kept bool
	all  bool // of the response was written
	left bool // the client left a connection that net/http no longer has
}

func (l *callLog) start(r *http.Request) *record {
	header := r.Header.Clone()
	for _, name := range secretHeaders {
		header.Del(name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started++
	c := &record{log: l, kept: l.keep > 0, call: Call{
		Number: l.started, RequestID: uuid.NewString(), Path: r.URL.EscapedPath(), Header: header, Protocol: r.Proto, Started: time.Now(),
	}}
	if c.kept {
		l.records = append(l.records, c)
		l.trim()
	}
	return c
}

// trim lets go of the oldest. l.mu is held.
func (l *callLog) trim() {
	for len(l.records) > l.keep || l.bytes > maxKeptBytes && len(l.records) > 0 {
		oldest := l.records[0]
		oldest.kept = false
		l.bytes -= len(oldest.call.Body)
		l.records[0] = nil
		l.records = l.records[1:]
	}
}

func (l *callLog) end(c *record, gone bool) Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finished++
	c.call.Done, c.call.Aborted = true, (gone || c.left) && !c.all
	if c.call.Aborted {
		l.aborted++
	}
	return c.call
}

func (c *record) set(change func(*Call)) {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	change(&c.call)
}

func (c *record) setOperation(op Operation, modelID string) {
	c.set(func(call *Call) { call.Operation, call.ModelID = op, modelID })
}

func (c *record) setModel(modelID string) { c.set(func(call *Call) { call.ModelID = modelID }) }

func (c *record) setBody(body []byte) {
	c.set(func(call *Call) {
		call.Body = body
		if c.kept {
			c.log.bytes += len(body)
			c.log.trim()
		}
	})
}

func (c *record) setCaller(who caller) {
	c.set(func(call *Call) { call.AccessKeyID, call.Bearer, call.Region = who.accessKeyID, who.bearer, who.region })
}

// written says that the response is complete: who leaves now, aborts nothing.
func (c *record) written() { c.set(func(*Call) { c.all = true }) }

func (c *record) leave() { c.set(func(*Call) { c.left = true }) }

func (c *record) addEvent() { c.set(func(call *Call) { call.Events++ }) }

// number and requestID never change.
func (c *record) number() int       { return c.call.Number }
func (c *record) requestID() string { return c.call.RequestID }

// Calls returns the latest calls, the oldest first, those under way too.
func (s *Server) Calls() []Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	calls := make([]Call, len(s.log.records))
	for i, c := range s.log.records {
		calls[i] = c.call
	}
	return slices.Clip(calls)
}

// Received is the number of calls ever received.
func (s *Server) Received() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.started
}

// InFlight is the number of calls under way.
func (s *Server) InFlight() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.started - s.log.finished
}

// Aborted is the number of calls whose client left before the end.
func (s *Server) Aborted() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.aborted
}

// recorder notes the status of a response.
type recorder struct {
	http.ResponseWriter
	call *record
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	w.call.set(func(call *Call) { call.Status = status })
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
