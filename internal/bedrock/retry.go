package bedrock

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"time"

	"bedrock-extproc/internal/converseapi"
	"bedrock-extproc/translator"
)

// Retry says how often a call is repeated before the first byte of its answer. A zero
// field has the default given here.
type Retry struct {
	// Attempts is the number of attempts at one backend, including the first. 0 means 3,
	// as the AWS SDKs' standard mode; less than 1 is 1.
	Attempts int
	// BaseDelay is the wait after the first failure at a backend; it doubles with each
	// further one. Half of each wait is random. 0 means 200 ms; a negative duration
	// means no wait.
	BaseDelay time.Duration
	// MaxDelay bounds a wait. If a fallback could be tried instead, it also bounds the
	// wait that a Retry-After asks for. 0 means 2 s.
	MaxDelay time.Duration
	// Budget is how long after a call's beginning a further attempt may begin, at any
	// backend. It does not cut attempts short: Limits do. 0 means 10 s; a negative
	// duration means no limit.
	Budget time.Duration
}

func (r Retry) withDefaults() Retry {
	return Retry{
		Attempts:  max(cmp.Or(r.Attempts, 3), 1),
		BaseDelay: cmp.Or(r.BaseDelay, 200*time.Millisecond),
		MaxDelay:  cmp.Or(r.MaxDelay, 2*time.Second),
		Budget:    cmp.Or(r.Budget, 10*time.Second),
	}
}

// backoff is the wait after the given number of failures, from 1.
func (r Retry) backoff(failures int) time.Duration {
	d := r.BaseDelay
	for i := 1; i < failures && d < r.MaxDelay; i++ {
		d *= 2
	}
	d = min(d, r.MaxDelay)
	if d <= 0 {
		return 0
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads load, guards nothing
}

// A verdict is what a failed attempt means for the call.
type verdict int

const (
	// final: the client gets the error.
	final verdict = iota
	// repeat: the same call may succeed soon, here or elsewhere.
	repeat
	// once is repeat for an answer that failed after the model may have done its work: one
	// repetition a call, at a fallback if there is one.
	once
	// elsewhere: only another backend may do better soon.
	elsewhere
	// wrongBackend: this backend cannot serve the call. A fallback is skipped; if it is
	// the one that the client asked for, the client gets the error.
	wrongBackend
)

// judge decides by the error of an attempt. Any error but a *translator.Error is that
// of a call whose context has ended.
func judge(err error) verdict {
	e, ok := errors.AsType[*translator.Error](err)
	if !ok {
		return final
	}
	switch e.Kind {
	case translator.KindConnection:
		if e.Retryable {
			return repeat
		}
		return elsewhere // its own misconfiguration, not the call's
	case translator.KindSidecarCredentials:
		if e.Retryable {
			return elsewhere // the SDK has repeated it
		}
		// AWS may have refused the role of just this caller.
		return wrongBackend
	case translator.KindThrottled, translator.KindUnavailable, translator.KindNotReady, translator.KindInternalServer:
		return repeat
	case translator.KindModel:
		if !errors.Is(e, converseapi.ErrModelRefuses) {
			return once
		}
	case translator.KindBadAnswer:
		if errors.Is(e, translator.AnswerEmpty) {
			return once // a failing peer sends that
		}
	case translator.KindTruncated:
		return once
	case translator.KindQuota, translator.KindTimeout:
		return elsewhere
	case translator.KindValidation, translator.KindInvalid, translator.KindAccessDenied, translator.KindNotFound,
		translator.KindNoCredentials, translator.KindCallerCredentials,
		translator.KindMissingIdentity, translator.KindNotPermitted:
		return wrongBackend
	default:
	}
	return final
}
