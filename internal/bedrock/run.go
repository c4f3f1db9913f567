package bedrock

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// A run is one request on its way through attempts and backends, until the first
// byte of an answer. It belongs to one call; ctx lives as long as the answer.
type run struct {
	ctx    context.Context
	end    context.CancelCauseFunc // of ctx
	stop   func() bool             // of the limit on the whole call
	asked  *Backend
	call   *translator.Call
	caller translator.Caller
	send   func(*exchange) error
	began  time.Time
	made   int // HTTP calls so far
	// invocation is the value of the header invocationID, from the first call on.
	invocation string
	// renewed says that expired credentials of the sidecar's have been dropped, or
	// that the clock was set.
	renewed bool
	// last and refusal are the latest exchange and its error; ofAsked is the error
	// of the backend that the client asked for, which is the one to tell.
	last    *exchange
	refusal error
	ofAsked error
}

// run sends a request, by send, until an attempt succeeds or no more may be made.
// The exchange is to be released when its answer is over; after an error it has
// been. It is never nil.
func (b *Backend) run(ctx context.Context, call *translator.Call, caller translator.Caller, send func(*exchange) error) (*exchange, error) {
	r := &run{asked: b, call: call, caller: caller, send: send, began: time.Now()}
	r.ctx, r.end = context.WithCancelCause(ctx)
	r.stop = after(b.limits.Call, waitCall, r.end)
	if r.through(b.routeOf(call, caller)) {
		return r.last, nil
	}
	r.release()
	err := r.refusal
	if r.ofAsked != nil {
		err = r.ofAsked
	}
	if e, ok := errors.AsType[*translator.Error](err); ok {
		e.Facts.Attempts = r.made
		r.last.facts = e.Facts
	}
	return r.last, err
}

// release ends what is left of the call.
func (r *run) release() {
	r.stop()
	r.end(errDrained)
}

// routeOf lists the backends that may serve a call, the one that was asked first.
// A caller who names a region has chosen where the call goes, and so has a model's
// ARN.
func (b *Backend) routeOf(call *translator.Call, caller translator.Caller) []*Backend {
	if len(b.route) == 1 || caller.HasKeys() && caller.Region != "" {
		return b.route[:1]
	}
	for _, f := range b.route[1:] {
		if CheckModelRegion(f.modelFor(b, call.Model), f.region) != nil {
			return b.reachable(call)
		}
	}
	return b.route
}

// reachable is the route without the fallbacks that cannot serve the model.
func (b *Backend) reachable(call *translator.Call) []*Backend {
	list := []*Backend{b}
	for _, f := range b.route[1:] {
		if CheckModelRegion(f.modelFor(b, call.Model), f.region) == nil {
			list = append(list, f)
		}
	}
	return list
}

// through asks the backends of a route in turn and reports whether one has
// answered. Those that cool down are left for the end, when nobody else is.
func (r *run) through(route []*Backend) bool {
	if len(route) == 1 {
		return r.visit(r.asked, r.asked.retry.Attempts, false) == done
	}
	var cooling []*Backend
	for _, b := range route {
		attempts := b.retry.Attempts
		switch b.cooling.admit(r.pair(b), time.Now()) {
		case resting:
			if b == r.asked && !r.mayAsk() {
				return false
			}
			cooling = append(cooling, b)
			continue
		case probing:
			attempts = 1
		case well:
		}
		if next := r.visit(b, attempts, true); next != onward {
			return next == done
		}
	}
	for _, b := range cooling {
		if next := r.visit(b, 1, true); next != onward {
			return next == done
		}
	}
	return false
}

// mayAsk reports whether the backend that was asked for would take the call, were it
// not resting: its fallbacks are not for who is refused there.
func (r *run) mayAsk() bool {
	x, err := r.asked.prepare(r)
	defer x.cancel(errDrained)
	if err != nil {
		r.last, r.refusal = x, x.explain(err)
		r.ofAsked = r.refusal
	}
	return err == nil
}

// A step is what follows a visit.
type step int

const (
	done   step = iota // there is an answer
	over               // nobody else is to be asked
	onward             // the next backend may do better
)

// visit makes so many attempts at a backend; others says that there are further
// ones.
func (r *run) visit(b *Backend, attempts int, others bool) step {
	for failures := 1; ; failures++ {
		err := r.attempt(b)
		if err == nil {
			if others {
				b.cooling.clear(r.pair(b))
			}
			return done
		}
		if r.renew(err) {
			failures--
			continue
		}
		v := judge(err)
		if v == again && failures < attempts && r.pause(b, failures, others) {
			continue
		}
		return r.leave(b, v, others)
	}
}

// renew mends what made AWS refuse a signature, once a call: its time, or
// credentials of the sidecar's that AWS calls expired.
func (r *run) renew(err error) bool {
	e, ok := errors.AsType[*translator.Error](err)
	if !ok || r.renewed {
		return false
	}
	switch {
	case r.last.wrongTime:
		r.renewed = true
	case e.Kind == translator.KindSidecarCredentials && strings.HasPrefix(e.AWSError, "ExpiredToken") && r.last.own != nil:
		r.renewed = r.last.own.forget()
	}
	return r.renewed
}

// leave draws the conclusions from a backend's last error.
func (r *run) leave(b *Backend, v verdict, others bool) step {
	if cause := context.Cause(r.ctx); cause != nil {
		r.ofAsked = nil // the end of the call is what matters now
		r.refusal = r.last.ended(cause)
		return over
	}
	if b == r.asked {
		r.ofAsked = r.refusal
	}
	switch {
	case v == final:
		r.ofAsked = r.refusal
		return over
	case v == misplaced && b == r.asked:
		return over
	case v == misplaced:
		b.log.Warn("A fallback backend refuses what it was asked in another's place", zap.String("backend", b.name),
			zap.String("model", r.last.facts.ModelID), zap.String("kind", string(translator.AsError(r.refusal).Kind)))
	case others:
		b.cooling.strike(r.pair(b), r.refusal, advice(r.last.header), b.log)
	}
	if !others || !r.within(0) {
		return over
	}
	return onward
}

// pair is what cool-downs are counted for.
func (r *run) pair(b *Backend) pair {
	payer := r.caller.AccessKeyID
	if !r.caller.HasKeys() {
		payer = b.own.payer(r.caller)
	}
	return b.cooling.pair(b.name, b.modelFor(r.asked, r.call.Model), payer)
}

// attempt makes one HTTP call. Its error is also r.refusal.
func (r *run) attempt(b *Backend) error {
	x, err := b.prepare(r)
	r.last = x
	if err == nil {
		err = r.send(x)
	}
	r.made = x.facts.Attempts
	if err != nil {
		err = x.explain(err)
	}
	r.refusal = err
	return err
}

// pause waits before the next attempt at b. It returns false when none is to be
// made: the budget is spent, the call has ended, or the wait that is asked for is
// better spent elsewhere.
func (r *run) pause(b *Backend, failures int, others bool) bool {
	wait := b.retry.backoff(failures)
	if advised := advice(r.last.header); advised > wait {
		if others && advised > b.retry.MaxDelay {
			return false
		}
		wait = advised
	}
	if !r.within(wait) {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// within reports whether an attempt may begin after that wait.
func (r *run) within(wait time.Duration) bool {
	budget := r.asked.retry.Budget
	return budget < 0 || time.Since(r.began)+wait <= budget
}
