package fakebedrock

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxKeptBytes limits the total size of the kept bodies.
const maxKeptBytes = 256 << 20

// Call is the record of one call.
type Call struct {
	Number      int    // counts all calls of this server, from 1
	RequestID   string // the response's x-amzn-RequestId
	Operation   Operation
	ModelID     string // unescaped, without knobs
	Path        string // escaped, as received
	Header      http.Header
	Body        []byte // as received; shared, do not modify
	AccessKeyID string // "" for a bearer token or an unsigned call
	Bearer      bool
	Region      string // from the signature
	Protocol    string // HTTP/1.1 or HTTP/2.0
	Started     time.Time

	// Usage is the usage that was sent; zero if the response did not get so far.
	Usage Usage

	Status  int  // of the response; 0 for none
	Events  int  // frames written to the stream
	Done    bool // the response has ended
	Aborted bool // the client disconnected before the end of the response
}

// secretHeaders are not recorded.
var secretHeaders = []string{"Authorization", "X-Amz-Security-Token"}

// WithCallsPage also serves GET /calls: the number of calls received so far. A mux would
// clean the paths of calls.
func (s *Server) WithCallsPage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/calls" {
			fmt.Fprintf(w, "{\"received\":%d}\n", s.Received())
			return
		}
		s.ServeHTTP(w, r)
	})
}

// callLog keeps the latest calls. The zero value keeps none. It is safe for
// concurrent use.
type callLog struct {
	mu       sync.Mutex
	keep     int
	bytes    int // total size of the bodies in records
	records  []*record
	started  int
	finished int
	aborted  int
}

// record is a Call while it is updated.
type record struct {
	log      *callLog
	call     Call // guarded by log.mu
	kept     bool
	complete bool // the whole response was written
	left     bool // the client closed a hijacked connection
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

// trim drops the oldest records above the limits. l.mu must be held.
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
	c.call.Done, c.call.Aborted = true, (gone || c.left) && !c.complete
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

// setComplete records that the response is complete, so that a client that
// disconnects now does not count as aborted.
func (c *record) setComplete() { c.set(func(*Call) { c.complete = true }) }

func (c *record) setLeft() { c.set(func(*Call) { c.left = true }) }

func (c *record) setUsage(u Usage) { c.set(func(call *Call) { call.Usage = u }) }

func (c *record) addEvent() { c.set(func(call *Call) { call.Events++ }) }

// number and requestID never change, so they need no lock.
func (c *record) number() int       { return c.call.Number }
func (c *record) requestID() string { return c.call.RequestID }

// Calls returns the latest calls, including those in progress, oldest first.
func (s *Server) Calls() []Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	calls := make([]Call, len(s.log.records))
	for i, c := range s.log.records {
		calls[i] = c.call
	}
	return slices.Clip(calls)
}

// Received returns the number of calls received so far.
func (s *Server) Received() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.started
}

// InFlight returns the number of calls in progress.
func (s *Server) InFlight() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.started - s.log.finished
}

// Aborted returns the number of calls whose client disconnected early.
func (s *Server) Aborted() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.aborted
}

// recorder records the status of a response.
type recorder struct {
	http.ResponseWriter
	call *record
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	w.call.set(func(call *Call) { call.Status = status })
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap supports http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
