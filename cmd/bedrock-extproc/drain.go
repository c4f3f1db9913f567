package main

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

const (
	// endGrace is the time for stopped calls to send their error to clients.
	endGrace = 2 * time.Second
	// exitGrace is the time for everything else to end after that.
	exitGrace = time.Second
)

// errHangs is the failure of a sidecar that does not end.
var errHangs = errors.New("the sidecar did not end in time; exiting")

// endLimit is the time in which a sidecar that is told to stop ends.
func (o *options) endLimit() time.Duration {
	return o.drainDelay + o.drainTimeout + endGrace + exitGrace
}

// awaitEnd waits for the error of a sidecar, after the end of ctx for limit only.
func awaitEnd(ctx context.Context, ended <-chan error, limit time.Duration) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		return errHangs
	}
}

// drain stops the gRPC server without losing an answer. First, health checks fail, so
// that Envoy sends new calls elsewhere. Then the server accepts no new calls. Calls
// that are still open after -drain-timeout end with an error that clients can read.
func (s *sidecar) drain() {
	s.health.setReady(false)
	s.log.Info("draining", zap.Int("calls", s.extproc.InFlight()), zap.Duration("delay", s.opts.drainDelay))
	time.Sleep(s.opts.drainDelay)

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.grpc.GracefulStop()
	}()
	if endedWithin(stopped, s.opts.drainTimeout) {
		return
	}
	s.log.Warn("ending the calls that are still open", zap.Int("calls", s.extproc.InFlight()))
	s.extproc.Stop()
	if !endedWithin(stopped, endGrace) {
		s.grpc.Stop()
		<-stopped
	}
}

func endedWithin(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
