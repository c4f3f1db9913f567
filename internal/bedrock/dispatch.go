package bedrock

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/cause"
	"bedrock-extproc/internal/converseapi"
	"bedrock-extproc/translator"
)

// A dispatch takes one call through attempts and backends, to the first byte of an
// answer. It is used by one goroutine at a time.
type dispatch struct {
	ctx       context.Context // lives as long as the answer
	end       context.CancelCauseFunc
	stopLimit func() bool // of Limits.Call
	asked     *Backend
	call      *translator.Call
	caller    translator.Caller
	send      sendFunc
	began     time.Time

	tries             int    // attempts so far, also those that sent nothing
	sent              int    // HTTP requests so far
	invocationID      string // of all of them
	signatureRepaired bool   // once a call
	workRepeated      bool   // once a call, see the verdict
	trail             []translator.Attempt
	last              attempt
	reported          *attempt // the failure that the client gets; nil means last
}

// A sendFunc makes one HTTP call and keeps its answer.
type sendFunc func(context.Context, *converseapi.Client, converseapi.Request) (converseapi.Facts, error)

// An attempt is one HTTP call, or the reason why it was not made.
type attempt struct {
	facts          translator.Facts
	principal      awsauth.Principal
	retryAfter     time.Duration // that the answer asks for, 0 if it does not
	clockCorrected bool
	err            error
}

// newDispatch starts the limit on the whole call. The dispatch must be released when
// the answer is over.
func (b *Backend) newDispatch(ctx context.Context, call *translator.Call, caller translator.Caller) *dispatch {
	d := &dispatch{asked: b, call: call, caller: caller, began: time.Now()}
	d.ctx, d.end = context.WithCancelCause(ctx)
	d.stopLimit = converseapi.CancelAfter(b.limits.Call, "the end of the call", d.end)
	return d
}

// errCallOver is the cause with which a call's context ends after its answer.
var errCallOver = errors.New("the call is over")

func (d *dispatch) release() {
	d.stopLimit()
	d.end(errCallOver)
}

// run sends the call until an attempt succeeds or no further one is allowed. The
// facts are those of the answer, or of the error.
func (d *dispatch) run(send sendFunc) (translator.Facts, error) {
	d.send = send
	if d.tryRoute(d.asked.routeOf(d.call, d.caller)) == answered {
		d.last.facts.Trail = d.trail
		return d.last.facts, nil
	}
	failed := d.last
	if d.reported != nil {
		failed = *d.reported
	}
	failed.facts.Attempts, failed.facts.Trail = d.sent, d.trail
	return failed.facts, withFacts(failed.err, failed.facts)
}

// A step is what follows the attempts at one backend.
type step int

const (
	answered    step = iota // there is an answer
	stop                    // no other backend is tried
	nextBackend             // another backend may do better
)

// tryRoute tries the backends of a route in turn. Those that cool down come last.
func (d *dispatch) tryRoute(route []*Backend) step {
	if len(route) == 1 {
		return d.tryBackend(d.asked, d.asked.retry.Attempts, false)
	}
	var postponed []*Backend
	for _, b := range route {
		attempts := b.retry.Attempts
		switch b.coolDowns.admit(d.coolDownKey(b), time.Now()) {
		case coolingDown:
			if b == d.asked {
				// Its fallbacks must not serve a caller that it would reject.
				if _, err := d.prepare(b); err != nil {
					return d.afterFailure(b, judge(err), true)
				}
			}
			postponed = append(postponed, b)
			continue
		case probing:
			attempts = 1
		case available:
		}
		if next := d.tryBackend(b, attempts, true); next != nextBackend {
			return next
		}
	}
	for _, b := range postponed {
		if next := d.tryBackend(b, 1, true); next != nextBackend {
			return next
		}
	}
	return stop
}

// tryBackend makes up to the given number of attempts at b; others says that the
// route has further backends.
func (d *dispatch) tryBackend(b *Backend, attempts int, others bool) step {
	for failures := 1; ; failures++ {
		err := d.attempt(b)
		if err == nil {
			if others {
				b.coolDowns.recordSuccess(d.coolDownKey(b))
			}
			return answered
		}
		if d.repairSignature(err) {
			failures--
			continue
		}
		v := judge(err)
		if v == once {
			v = d.repeatWork(others)
		}
		if v == repeat && failures < attempts && d.pause(b, failures, others) {
			continue
		}
		return d.afterFailure(b, v, others)
	}
}

// attempt makes one HTTP call. Its error is also d.last.err.
func (d *dispatch) attempt(b *Backend) error {
	d.tries++
	start := time.Now()
	request, err := d.prepare(b)
	var facts converseapi.Facts
	if err == nil {
		facts, err = d.send(d.ctx, b.client, request)
		d.applyFacts(facts)
		d.last.err = err
		d.logCause(b, err)
	}
	d.record(start, facts)
	return err
}

// record adds the attempt d.last to the trail.
func (d *dispatch) record(start time.Time, sent converseapi.Facts) {
	f := &d.last.facts
	a := translator.Attempt{
		Backend: f.Backend, Region: f.Region, ModelID: f.ModelID, AWSRequestID: f.AWSRequestID,
		Start: start, Sent: sent.Sent, Wait: sent.Wait, Took: time.Since(start),
	}
	if e, ok := errors.AsType[*translator.Error](d.last.err); ok {
		a.ErrorKind, a.AWSError, a.ErrorClass = e.Kind, e.AWSError, e.Class
	}
	d.trail = append(d.trail, a)
}

// prepare begins the attempt d.last at b. It returns what to send, or the reason not
// to, which is also d.last.err.
func (d *dispatch) prepare(b *Backend) (converseapi.Request, error) {
	r, err := d.request(b)
	d.last = attempt{
		facts:     translator.Facts{Backend: b.name, Asked: d.asked.name, Region: r.Region, ModelID: r.ModelID, Attempts: d.sent},
		principal: r.Principal,
		err:       err,
	}
	d.logCause(b, err)
	return r, err
}

// request returns what an attempt at b sends. Region and ModelID are also set with an
// error, which is a *translator.Error.
func (d *dispatch) request(b *Backend) (converseapi.Request, error) {
	r := converseapi.Request{ModelID: b.modelFor(d.asked, d.call.Model), Body: d.call.Body, InvocationID: d.invocationID}
	if d.call.CountBase {
		r.ModelID = foundationModel(r.ModelID)
	}
	if len(r.Body) == 0 {
		r.Body = []byte("{}")
	}
	var err error
	if r.Region, err = b.regionFor(d.caller); err != nil {
		return r, err
	}
	switch {
	case r.ModelID == "":
		return r, translator.ErrNoModel()
	case !d.caller.HasKeys() && b.mode == ServerNever:
		return r, awsauth.NoCredentials("The request has no AWS credentials, and the sidecar's own may not be used.")
	}
	if r.Principal, err = b.auth.Principal(d.caller); err != nil {
		return r, err
	}
	return r, CheckModelRegion(r.ModelID, r.Region)
}

// applyFacts records the facts of the attempt d.last.
func (d *dispatch) applyFacts(f converseapi.Facts) {
	if f.Sent {
		d.sent++
		d.invocationID = f.InvocationID
	}
	d.last.facts.Attempts = d.sent
	d.last.facts.AWSRequestID = f.AWSRequestID
	d.last.retryAfter = f.RetryAfter
	d.last.clockCorrected = f.ClockCorrected
}

// repairSignature reports whether a rejected signature is worth one more attempt,
// once a call: its time was wrong and is corrected, or the sidecar's expired
// credentials are dropped.
func (d *dispatch) repairSignature(err error) bool {
	e, ok := errors.AsType[*translator.Error](err)
	if !ok || d.signatureRepaired {
		return false
	}
	switch {
	case d.last.clockCorrected:
		d.signatureRepaired = true
	case e.Kind == translator.KindSidecarCredentials && e.Class == string(cause.Credentials) && strings.HasPrefix(e.AWSError, "ExpiredToken"):
		d.signatureRepaired = d.last.principal.DropExpired()
	}
	return d.signatureRepaired
}

// repeatWork returns what the verdict once means now.
func (d *dispatch) repeatWork(others bool) verdict {
	if d.workRepeated {
		return final
	}
	d.workRepeated = true
	if others {
		return elsewhere
	}
	return repeat
}

// afterFailure decides what follows the last failed attempt at b: stop, or try the
// next backend.
func (d *dispatch) afterFailure(b *Backend, v verdict, others bool) step {
	if end := context.Cause(d.ctx); end != nil {
		d.reported = nil
		d.last.err = converseapi.EndError(end)
		return stop
	}
	if b == d.asked || v == final {
		failed := d.last
		d.reported = &failed
	}
	switch {
	case v == final, v == wrongBackend && b == d.asked:
		return stop
	case v == wrongBackend:
		b.log.Warn("fallback backend rejected the request", zap.String("backend", b.name),
			zap.String("model", d.last.facts.ModelID), zap.String("kind", string(translator.AsError(d.last.err).Kind)))
	case others:
		length := b.coolDowns.recordFailure(d.coolDownKey(b), d.last.err, d.last.retryAfter, b.log)
		if n := len(d.trail); n > 0 {
			d.trail[n-1].CoolDown = length
		}
	}
	if !others || !d.withinBudget(0) {
		return stop
	}
	return nextBackend
}

// coolDownKey returns the key of the call's cool-downs at b.
func (d *dispatch) coolDownKey(b *Backend) coolDownKey {
	return b.coolDowns.key(b.name, b.modelFor(d.asked, d.call.Model), b.auth.Payer(d.caller))
}

// pause waits before the next attempt at b. It returns false if there must be none:
// the budget is spent, the call has ended, or Bedrock asks for a longer wait than
// another backend needs.
func (d *dispatch) pause(b *Backend, failures int, others bool) bool {
	wait := b.retry.backoff(failures)
	if d.last.retryAfter > wait {
		if others && d.last.retryAfter > b.retry.MaxDelay {
			return false
		}
		wait = d.last.retryAfter
	}
	if !d.withinBudget(wait) {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	d.trail[len(d.trail)-1].Pause = wait
	select {
	case <-timer.C:
		return true
	case <-d.ctx.Done():
		return false
	}
}

// withinBudget reports whether an attempt may begin after the given wait.
func (d *dispatch) withinBudget(wait time.Duration) bool {
	budget := d.asked.retry.Budget
	return budget < 0 || time.Since(d.began)+wait <= budget
}
