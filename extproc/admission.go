package extproc

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"bedrock-extproc/translator"
)

// admit counts a call, or rejects it when the server stops or is full.
func (s *Server) admit() (release func(), err error) {
	if cause := context.Cause(s.stopping); cause != nil {
		return nil, draining(cause)
	}
	release = func() { s.calls.Add(-1) }
	if n := s.calls.Add(1); s.cfg.MaxCalls > 0 && n > int64(s.cfg.MaxCalls) {
		release()
		return nil, overloaded(s.cfg.MaxCalls)
	}
	return release, nil
}

func overloaded(limit int) error {
	return &translator.Error{
		Status: http.StatusServiceUnavailable, Kind: translator.KindOverloaded,
		Message:   "Too many calls are in flight: the limit is " + strconv.Itoa(limit) + ".",
		Retryable: true, RetryAfter: time.Second,
	}
}
