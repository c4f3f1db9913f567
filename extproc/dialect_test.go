package extproc_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// A dialect sees the headers of its request, but no credentials, and the model in
// its path.
func TestWhatDecodeSees(t *testing.T) {
	bubble(t, func(s *sidecar) {
		got := map[string]string{}
		s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
			for _, name := range []string{"version", "twice", "absent", "authorization", "x-api-key", "x-aws-access-key-id", ":path"} {
				got[name] = req.Header(name)
			}
			got["model"] = req.PathModel
			return &translator.Call{Encoder: &s.dialect.fakeEncoder}, nil
		}
		s.post("/model/a%2Fb/whole?key="+prompt, "", "version", "1", "twice", "", "twice", "a", "twice", "b",
			"authorization", "Bearer "+secretKey, "x-api-key", secretKey).answer()
		want := map[string]string{
			"version": "1", "twice": "a", "absent": "", "authorization": "", "x-api-key": "", "x-aws-access-key-id": "", ":path": "",
			"model": "a/b",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Errorf("(-want +got):\n%s", diff)
		}
	}, func(s *sidecar) {
		s.dialect.routes = []translator.Route{{Method: "POST", Pattern: "/model/{model}/whole"}}
	})
}

// A page sees the request and what Envoy knows about it.
func TestWhatAPageSees(t *testing.T) {
	var got []string
	look := func(r extproc.PageRequest) (translator.Response, error) {
		got = append([]string{r.Method, r.Path, r.PathModel, r.Header("version"), r.Header("x-aws-access-key-id")}, r.Origin.InitialMetadata("tenant")...)
		return translator.Response{Status: 200, ContentType: "text/plain", Headers: []translator.Header{{Name: "x-page", Value: "1"}}, Body: []byte("seen")}, nil
	}
	bubble(t, func(s *sidecar) {
		s.envoy.initial = metadata.Pairs("tenant", "t")
		a := s.envoy.open(s.t, endOfStream, requestHeaders("GET", "/models/a%2Fb?x", "version", "1")...).answer()
		if diff := cmp.Diff([]string{"GET", "/models/a%2Fb", "a/b", "1", "", "t"}, got); diff != "" {
			s.t.Errorf("request (-want +got):\n%s", diff)
		}
		if a.status != 200 || a.body() != "seen" || a.header["content-type"] != "text/plain" || a.header["x-page"] != "1" {
			s.t.Errorf("answer %+v", a)
		}
	}, func(s *sidecar) { s.pages = []extproc.PageRoute{{Pattern: "/models/{model}", Page: look}} })
}

// Every kind of answer has the dialect's status, content type and headers.
func TestADialectsOwnHeaders(t *testing.T) {
	own := []translator.Header{{Name: "content-type", Value: "application/x-own"}, {Name: "x-own", Value: "1"}, {Name: "x-bad", Value: "a\nb"}}
	for path, status := range map[string]int{"/whole": 201, "/stream": 200, "/nowhere": 409} {
		for _, mode := range modesWithBody {
			t.Run(path+" "+mode.String(), func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					s.envoy.mode = mode
					s.dialect.streamHeaders = func(translator.Facts) []translator.Header { return own }
					s.dialect.encodeReply = func([]byte, translator.Facts) (translator.Response, translator.Summary, error) {
						return translator.Response{Status: 201, ContentType: own[0].Value, Headers: own[1:]}, spent, nil
					}
					s.dialect.encodeError = func(*translator.Error) translator.Response {
						return translator.Response{Status: 409, ContentType: own[0].Value, Headers: own[1:]}
					}
					a := s.post(path, "").answer()
					if _, bad := a.header["x-bad"]; a.status != status || a.header["content-type"] != own[0].Value || a.header["x-own"] != "1" || bad {
						s.t.Errorf("status %d, headers %v", a.status, a.header)
					}
					if o := s.outcome(); o.Status != status {
						s.t.Errorf("outcome %+v", o)
					}
				})
			})
		}
	}
}

// The encoder's facts have the time at which the request arrived.
func TestStartOfACall(t *testing.T) {
	bubble(t, func(s *sidecar) {
		start := time.Now()
		var early, late translator.Facts
		s.dialect.streamHeaders = func(f translator.Facts) []translator.Header {
			early = f
			return []translator.Header{{Name: "content-type", Value: "x/y"}}
		}
		s.dialect.newStream = func(f translator.Facts) translator.Stream {
			late = f
			return &fakeStream{}
		}
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "", "x-request-id", "id-1")
		time.Sleep(extproc.DefaultKeepAlive)
		synctest.Wait()
		close(steps)
		c.answer()
		if diff := cmp.Diff(translator.Facts{RequestID: "id-1", Start: start}, early); diff != "" {
			s.t.Errorf("facts of the headers (-want +got):\n%s", diff)
		}
		want := bedrockFacts
		want.RequestID, want.Start = "id-1", start
		if diff := cmp.Diff(want, late); diff != "" {
			s.t.Errorf("facts of the stream (-want +got):\n%s", diff)
		}
	})
}

// A keep-alive without bytes sends the response headers and nothing else.
func TestKeepAliveOfHeadersOnly(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.dialect.appendKeepAlive = func(dst []byte) []byte { return dst }
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "", "x-request-id", "id-1")
		time.Sleep(3 * extproc.DefaultKeepAlive)
		synctest.Wait()
		if a := c.soFar(); !a.begun || len(a.parts) != 0 {
			s.t.Errorf("answer %+v", a)
		}
		steps <- step{err: refusal()}
		a := c.answer()
		if a.status != 200 || a.body() != data("error bedrock_throttled id-1") {
			s.t.Errorf("answer %+v", a)
		}
	})
}

// A panic of a keep-alive is an error like any other.
func TestPanicOfAKeepAlive(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.dialect.appendKeepAlive = func([]byte) []byte { secretive(); return nil }
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		time.Sleep(extproc.DefaultKeepAlive)
		if a := c.answer(); a.status != 500 || decodeError(s.t, a.body()).Kind != "internal_error" {
			s.t.Errorf("answer %+v", a)
		}
	})
}

// eager is an encoder whose methods yield to other goroutines and notice if they run
// at the same time. The plain counter is for the race detector.
type eager struct {
	fakeEncoder
	running, together atomic.Int64
	keepAlives, steps int
}

func (e *eager) step() {
	if e.running.Add(1) > 1 {
		e.together.Add(1)
	}
	e.steps++
	for range 10 {
		runtime.Gosched()
	}
	e.running.Add(-1)
}

func (e *eager) AppendKeepAlive(dst []byte) []byte {
	e.step()
	e.keepAlives++
	return append(dst, comment...)
}

func (e *eager) NewStream(translator.Facts) translator.Stream {
	e.step()
	return &fakeStream{appendEvent: func(dst []byte, _ translator.Event) ([]byte, error) {
		e.step()
		return dst, nil
	}}
}

// Keep-alives never run at the same time as NewStream or a method of its stream. The
// test uses real time: in a bubble, time stops while anything runs.
func TestKeepAliveIsNotConcurrent(t *testing.T) {
	e := &eager{}
	dialect := &fakeDialect{decode: func(translator.Request) (*translator.Call, error) {
		return &translator.Call{Streaming: true, Encoder: e}, nil
	}}
	backend := &plainBackend{turn: make(chan struct{}, benchEvents)}
	gateway := newGateway(t, nil, nil, dialect)
	gateway.targets = backend
	server, err := extproc.NewServer(extproc.Config{Gateway: gateway.current, KeepAlive: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	sent := func(context.Context, *extprocv3.ProcessingResponse) error {
		select {
		case backend.turn <- struct{}{}: // an event for each keep-alive
		default:
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := server.Process(&handRPC{ctx: ctx, requests: requestMessages("/stream"), sent: sent}); err != nil {
		t.Fatal(err)
	}
	if e.together.Load() > 0 || e.keepAlives == 0 || e.steps != 1+benchEvents+e.keepAlives {
		t.Errorf("%d of %d steps were not alone, %d keep-alives", e.together.Load(), e.steps, e.keepAlives)
	}
}
