package main

import (
	"time"

	"go.uber.org/zap"
)

// endGrace is how long calls that were told to stop have to say so to clients.
const endGrace = 2 * time.Second

// drain stops the gRPC server without losing an answer: first health checks
// fail, so that Envoy sends new calls elsewhere; then no new ones are taken;
// then what is still open ends with an error that clients can read.
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
	s.log.Warn("ending calls that are still open", zap.Int("calls", s.extproc.InFlight()))
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
