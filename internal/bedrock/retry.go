package bedrock

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"bedrock-extproc/translator"
)

// Retry says how often a request is sent while none of its answer has been seen.
// Zero fields have the defaults given here.
type Retry struct {
	// Attempts is the most calls that one request may make of one backend. 0 means
	// 2; less than 1 is 1.
	Attempts int
	// BaseDelay is the wait after the first failure at a backend, which doubles with
	// each further one. Half of each wait is random. 0 means 200 ms; a negative
	// duration is no wait.
	BaseDelay time.Duration
	// MaxDelay bounds a wait, and how long the advice of a Retry-After is followed
	// where a fallback could be asked instead. 0 means 2 s.
	MaxDelay time.Duration
	// Budget is how long after its beginning a request may still begin an attempt,
	// at any backend. It does not cut attempts short: Limits do. 0 means 10 s; a
	// negative duration is no bound.
	Budget time.Duration
}

func (r Retry) withDefaults() Retry {
	return Retry{
		Attempts:  max(cmp.Or(r.Attempts, 2), 1),
		BaseDelay: cmp.Or(r.BaseDelay, 200*time.Millisecond),
		MaxDelay:  cmp.Or(r.MaxDelay, 2*time.Second),
		Budget:    cmp.Or(r.Budget, 10*time.Second),
	}
}

// backoff is the wait after so many failures, from 1.
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

// A verdict is what a failed attempt means for the request.
type verdict int

const (
	// final: the client is told.
	final verdict = iota
	// again: the same call may succeed at once, here or elsewhere.
	again
	// elsewhere: another backend may do better, this one will not soon.
	elsewhere
	// misplaced: this backend is wrong for the request. As a fallback it is passed
	// over; where the client asked for it, the client is told.
	misplaced
)

// judge decides on the error of an attempt. Errors that are not for clients are
// those of a call whose context has ended.
func judge(err error) verdict {
	e, ok := errors.AsType[*translator.Error](err)
	if !ok {
		return final
	}
	switch e.Kind {
	case translator.KindConnection, translator.KindThrottled, translator.KindUnavailable, translator.KindNotReady,
		translator.KindInternalServer, translator.KindTruncated:
		return again
	case translator.KindBadAnswer, translator.KindModel:
		if e.Retryable {
			return again
		}
	case translator.KindQuota, translator.KindTimeout:
		return elsewhere
	case translator.KindValidation, translator.KindInvalid, translator.KindAccessDenied, translator.KindNotFound,
		translator.KindNoCredentials, translator.KindCallerCredentials, translator.KindSidecarCredentials,
		translator.KindMissingIdentity, translator.KindNotPermitted:
		return misplaced
	default:
	}
	return final
}

// advice is how long an answer's headers ask to wait, 0 when they do not.
func advice(h http.Header) time.Duration {
	if ms, err := strconv.Atoi(h.Get("X-Amz-Retry-After")); err == nil && ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
