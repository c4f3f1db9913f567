package extproc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"
	"testing"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// fakeDialect is a client API small enough to read in a test: POST /whole and
// POST /stream take any body. Its func fields replace single steps.
type fakeDialect struct {
	routes      []translator.Route
	scopes      []translator.Scope
	decode      func(translator.Request) (*translator.Call, error)
	encodeError func(*translator.Error) translator.Response
	fakeEncoder
}

func (d *fakeDialect) Routes() []translator.Route {
	if d.routes != nil {
		return d.routes
	}
	return []translator.Route{
		{Method: "POST", Pattern: "/whole"},
		{Method: "POST", Pattern: "/stream", Streaming: true},
	}
}

func (d *fakeDialect) Name() string { return "fake" }

func (d *fakeDialect) Scopes() []translator.Scope { return d.scopes }

func (d *fakeDialect) Decode(req translator.Request) (*translator.Call, error) {
	if d.decode != nil {
		return d.decode(req)
	}
	return &translator.Call{
		Model: req.DefaultModel, Body: req.Body, Streaming: req.Streaming, Encoder: &d.fakeEncoder,
	}, nil
}

// errorBody is the body of an error in fakeDialect.
type errorBody struct {
	Kind, Message, Hint, RequestID, Region string
}

func (d *fakeDialect) EncodeError(e *translator.Error) translator.Response {
	if d.encodeError != nil {
		return d.encodeError(e)
	}
	body, err := json.Marshal(errorBody{string(e.Kind), e.Message, e.Hint, e.Facts.RequestID, e.Facts.Region})
	if err != nil {
		panic(err)
	}
	return jsonResponse(e.Status, string(body))
}

func jsonResponse(status int, body string) translator.Response {
	return translator.Response{Status: status, ContentType: "application/json", Body: []byte(body)}
}

// fakeEncoder turns a reply into "reply: …" and each event into "data: …".
type fakeEncoder struct {
	encodeReply     func([]byte, translator.Facts) (translator.Response, translator.Summary, error)
	streamHeaders   func(translator.Facts) []translator.Header
	appendKeepAlive func([]byte) []byte
	newStream       func(translator.Facts) translator.Stream
	fakeStream
}

var spent = translator.Summary{StopReason: "end_turn", InputTokens: 11, OutputTokens: 7, UsageKnown: true}

func (e *fakeEncoder) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	if e.encodeReply != nil {
		return e.encodeReply(reply, facts)
	}
	return jsonResponse(200, "reply: "+string(reply)), spent, nil
}

func (e *fakeEncoder) StreamHeaders(facts translator.Facts) []translator.Header {
	if e.streamHeaders != nil {
		return e.streamHeaders(facts)
	}
	return []translator.Header{{Name: "content-type", Value: "text/event-stream"}}
}

func (e *fakeEncoder) AppendKeepAlive(dst []byte) []byte {
	if e.appendKeepAlive != nil {
		return e.appendKeepAlive(dst)
	}
	return append(dst, comment...)
}

func (e *fakeEncoder) NewStream(facts translator.Facts) translator.Stream {
	if e.newStream != nil {
		return e.newStream(facts)
	}
	s := e.fakeStream
	s.facts = facts
	return &s
}

// fakeStream counts events as output tokens. A "messageStart" has no bytes.
type fakeStream struct {
	facts       translator.Facts
	seen        int64
	stopReason  string
	appendEvent func(dst []byte, ev translator.Event) ([]byte, error)
	appendEnd   func(dst []byte) []byte
	appendError func(dst []byte, e *translator.Error) []byte
	summary     func() translator.Summary
}

func (s *fakeStream) AppendEvent(dst []byte, ev translator.Event) ([]byte, error) {
	if s.appendEvent != nil {
		return s.appendEvent(dst, ev)
	}
	s.seen++
	switch ev.Kind {
	case "messageStart":
		return dst, nil
	case "messageStop":
		s.stopReason = string(ev.Payload)
	}
	return fmt.Appendf(dst, "data: %s\n\n", ev.Payload), nil
}

func (s *fakeStream) AppendEnd(dst []byte) []byte {
	if s.appendEnd != nil {
		return s.appendEnd(dst)
	}
	return append(dst, "data: end\n\n"...)
}

func (s *fakeStream) AppendError(dst []byte, e *translator.Error) []byte {
	if s.appendError != nil {
		return s.appendError(dst, e)
	}
	return fmt.Appendf(dst, "data: error %s %s\n\n", e.Kind, e.Facts.RequestID)
}

func (s *fakeStream) Summary() translator.Summary {
	if s.summary != nil {
		return s.summary()
	}
	return translator.Summary{StopReason: s.stopReason, OutputTokens: s.seen, UsageKnown: s.seen > 0}
}

// fakeGateway is a configuration with one backend.
type fakeGateway struct {
	*extproc.Routes

	targets interface {
		Target(provider string, caller translator.Caller, origin extproc.Origin) (extproc.Target, error)
	}
}

func newGateway(t testing.TB, backend *fakeBackend, pages []extproc.PageRoute, dialects ...translator.Dialect) *fakeGateway {
	t.Helper()
	routes, err := extproc.NewRoutes(dialects, pages)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeGateway{routes, backend}
}

func (g *fakeGateway) current() extproc.Gateway { return g }

func (*fakeGateway) Provider(header translator.HeaderFunc) string {
	return header.Get("x-provider-llm")
}

func (g *fakeGateway) Target(provider string, caller translator.Caller, origin extproc.Origin) (extproc.Target, error) {
	return g.targets.Target(provider, caller, origin)
}

// fakeBackend is one backend, the target of all calls. Its func fields are Bedrock's
// behaviour.
type fakeBackend struct {
	target         func(provider string, caller translator.Caller, origin extproc.Origin) (extproc.Target, error)
	converse       func(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error)
	converseStream streamFunc

	mu   sync.Mutex
	ends []error // the cause with which each call's context ended, nil if it did not
}

type streamFunc func(context.Context, *translator.Call, translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error)

var bedrockFacts = translator.Facts{
	AWSRequestID: "aws-1", Backend: "main", Region: "eu-west-1", ModelID: "eu.model-1", Attempts: 1,
}

func (b *fakeBackend) Target(provider string, caller translator.Caller, origin extproc.Origin) (extproc.Target, error) {
	if b.target != nil {
		return b.target(provider, caller, origin)
	}
	return b.any(caller), nil
}

// any is the target of a caller without restrictions.
func (b *fakeBackend) any(caller translator.Caller) extproc.Target {
	return extproc.Target{Backend: b, Caller: caller, DefaultModel: "model-1"}
}

func (b *fakeBackend) Converse(ctx context.Context, call *translator.Call, caller translator.Caller) ([]byte, translator.Facts, error) {
	defer b.note(ctx)
	if b.converse != nil {
		return b.converse(ctx, call, caller)
	}
	return []byte("hello"), bedrockFacts, nil
}

func (b *fakeBackend) ConverseStream(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
	f := b.converseStream
	if f == nil {
		f = scripted("one", "two")
	}
	events, facts, err := f(ctx, call, caller)
	if err != nil {
		b.note(ctx)
		return events, facts, err
	}
	return func(yield func(translator.Event, error) bool) {
		defer b.note(ctx)
		events(yield)
	}, facts, nil
}

func (b *fakeBackend) note(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ends = append(b.ends, context.Cause(ctx))
}

// causes lists the causes with which the contexts of past calls ended.
func (b *fakeBackend) causes() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ends
}

// gate blocks a whole call until it receives a value or the call's context ends.
func gate(reply <-chan string) func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
	return func(ctx context.Context, _ *translator.Call, _ translator.Caller) ([]byte, translator.Facts, error) {
		select {
		case text := <-reply:
			return []byte(text), bedrockFacts, nil
		case <-ctx.Done():
			return nil, bedrockFacts, fmt.Errorf("converse: %w", ctx.Err())
		}
	}
}

// step is one thing that Bedrock does in a stream: an event or an error.
type step struct {
	kind, payload string
	err           error
	followed      bool
}

// more is the step with Event.More.
func (s step) more() step {
	s.followed = true
	return s
}

func delta(text string) step { return step{kind: "contentBlockDelta", payload: text} }

var (
	messageStart = step{kind: "messageStart", payload: "start"}
	messageStop  = step{kind: "messageStop", payload: "end_turn"}
)

// live streams the steps it receives, and ends when the channel is closed. Like
// Bedrock it returns with the first event, and like a frame reader it reuses one
// buffer for all payloads.
func live(steps <-chan step) streamFunc {
	return func(ctx context.Context, _ *translator.Call, _ translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
		next, more := receiveStep(ctx, steps)
		if next.err != nil {
			return nil, bedrockFacts, next.err
		}
		return func(yield func(translator.Event, error) bool) {
			var payload []byte
			for ; more; next, more = receiveStep(ctx, steps) {
				if next.err != nil {
					yield(translator.Event{}, next.err)
					return
				}
				payload = append(payload[:0], next.payload...)
				if !yield(translator.Event{Kind: next.kind, Payload: payload, More: next.followed}, nil) {
					return
				}
				for i := range payload {
					payload[i] = '!'
				}
			}
		}, bedrockFacts, nil
	}
}

func receiveStep(ctx context.Context, steps <-chan step) (next step, more bool) {
	select {
	case next, more = <-steps:
		return next, more
	case <-ctx.Done():
		return step{err: fmt.Errorf("converse stream: %w", ctx.Err())}, true
	}
}

// script is live with all steps given in advance.
func script(steps ...step) streamFunc {
	c := make(chan step, len(steps))
	for _, s := range steps {
		c <- s
	}
	close(c)
	return live(c)
}

// scripted is a complete stream of texts, for any number of calls.
func scripted(texts ...string) streamFunc {
	return func(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
		steps := []step{messageStart}
		for _, text := range texts {
			steps = append(steps, delta(text))
		}
		return script(append(steps, messageStop)...)(ctx, call, caller)
	}
}
