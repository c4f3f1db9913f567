package converseapi

import (
	"context"
	"fmt"
	"time"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// A TimeoutError is the cause of a context that a time limit has ended.
type TimeoutError struct {
	// Awaited is what did not come in time, such as "the whole answer".
	Awaited string
	Limit   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s took longer than %v", e.Awaited, e.Limit)
}

// CancelAfter calls cancel with a *TimeoutError when limit has passed. A limit of 0
// or less never passes. stop must be called in every case.
func CancelAfter(limit time.Duration, awaited string, cancel context.CancelCauseFunc) (stop func() bool) {
	if limit <= 0 {
		return func() bool { return true }
	}
	return time.AfterFunc(limit, func() { cancel(&TimeoutError{awaited, limit}) }).Stop
}

// EndError is the error of a call whose context has ended: a *translator.Error for a
// *TimeoutError, otherwise an error that wraps end.
func EndError(end error) error {
	timeout, ok := end.(*TimeoutError) //nolint:errorlint // CancelAfter's cause is never wrapped
	if !ok {
		return fmt.Errorf("bedrock: the call was ended: %w", end)
	}
	e := translator.ErrTimeout(timeout.Awaited, timeout.Limit, timeout)
	e.Class = string(cause.Timeout)
	return e
}
