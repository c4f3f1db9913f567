package bedrock

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"bedrock-extproc/translator"
)

// Limits bound how long a call may take. Zero fields have the defaults given
// here; a negative duration lifts the limit. Connecting has limits of its own,
// see Transport.
type Limits struct {
	// FirstEvent bounds the wait for the first event of a stream, in each attempt.
	// 0 means 5 minutes.
	FirstEvent time.Duration
	// Reply bounds the wait for a whole answer, in each attempt. Bedrock sends
	// nothing of it before the model has finished. 0 means 30 minutes.
	Reply time.Duration
	// Silence bounds the wait between two events of a stream. 0 means 5 minutes.
	Silence time.Duration
	// Call bounds everything: all attempts, the waits between them, and the stream
	// to its end. 0 means 1 hour.
	Call time.Duration
}

// or returns l with its zero fields taken from d.
func (l Limits) or(d Limits) Limits {
	return Limits{
		FirstEvent: cmp.Or(l.FirstEvent, d.FirstEvent),
		Reply:      cmp.Or(l.Reply, d.Reply),
		Silence:    cmp.Or(l.Silence, d.Silence),
		Call:       cmp.Or(l.Call, d.Call),
	}
}

// withDefaults fills zero fields in.
func (l Limits) withDefaults() Limits {
	return l.or(Limits{FirstEvent: 5 * time.Minute, Reply: 30 * time.Minute, Silence: 5 * time.Minute, Call: time.Hour})
}

// A limitError is the cause with which a call is ended that took too long.
type limitError struct {
	what string // was waited for
	max  time.Duration
}

func (e *limitError) Error() string {
	return fmt.Sprintf("%s took longer than %v", e.what, e.max)
}

// describe says it to the client.
func (e *limitError) describe() *translator.Error {
	return &translator.Error{
		Status:    http.StatusGatewayTimeout,
		Kind:      translator.KindTimeout,
		Message:   fmt.Sprintf("Bedrock took too long: %s did not come within the sidecar's limit of %v.", e.what, e.max),
		Retryable: true,
		Cause:     e,
	}
}

// What the limits are for, in the words of their errors.
const (
	waitFirstEvent = "the first event of the stream"
	waitReply      = "the whole answer"
	waitSilence    = "the next event of the stream"
	waitCall       = "the end of the call"
)

// after calls end with a *limitError once max has passed. A max of less than 0
// is no limit. stop is to be called in every case.
func after(max time.Duration, what string, end func(error)) (stop func() bool) {
	if max < 0 {
		return func() bool { return true }
	}
	return time.AfterFunc(max, func() { end(&limitError{what, max}) }).Stop
}
