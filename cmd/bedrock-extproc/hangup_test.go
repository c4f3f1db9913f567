package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/internal/telemetry"
)

// A SIGHUP reloads the configuration of a sidecar that serves.
func TestHangup(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	reloaded := make(chan struct{}, 1)
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if e.Message == "configuration reloaded" {
			reloaded <- struct{}{}
		}
		return nil
	}))
	lines := telemetry.NewLogWriter(io.Discard)
	defer lines.Close()
	s, err := newSidecar(t.Context(), &options{listen: "unix://" + filepath.Join(t.TempDir(), "s"), drainTimeout: time.Minute}, logging{log, zap.NewAtomicLevel(), lines})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.run(ctx, cancel) }()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-reloaded:
	case <-time.After(10 * time.Second):
		t.Errorf("no reload: %v", logs.All())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
}
