package converseapi

import (
	"net/http"
	"strconv"
	"time"
)

// defaultRetryAfter is used if the client expects a Retry-After and Bedrock sends
// none.
const defaultRetryAfter = time.Second

// retryAfter is how long an answer's headers ask to wait, 0 if they do not.
func retryAfter(h http.Header) time.Duration {
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

// clientRetryAfter is the Retry-After of an error for the client, in whole seconds,
// rounded up. status is the error's own. 0 is none.
func clientRetryAfter(h http.Header, status int) time.Duration {
	if d := retryAfter(h); d > 0 {
		return (d + time.Second - 1).Truncate(time.Second)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		return defaultRetryAfter
	}
	return 0
}
