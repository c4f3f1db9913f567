package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapgrpc"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/grpclog"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/gateway"
	"bedrock-extproc/internal/metrics"
	"bedrock-extproc/internal/otlp"
	"bedrock-extproc/internal/telemetry"
)

// serve runs the sidecar until ctx ends, then drains it. It returns in time even if
// something hangs; the program must then exit.
func serve(ctx context.Context, opts *options, flags *pflag.FlagSet, env lookupEnv, stderr io.Writer) error {
	// By default, SIGPIPE ends a program whose standard error nobody reads.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	lines := telemetry.NewLogWriter(stderr)
	defer lines.Close()
	level := zap.NewAtomicLevelAt(opts.logLevel)
	log := lines.Logger(level)
	// gRPC's own logger would wait for the reader of standard error.
	grpclog.SetLoggerV2(zapgrpc.NewLogger(log.WithOptions(zap.IncreaseLevel(zap.ErrorLevel))))
	otlp.LogTo(log)
	setMemoryLimit(env, memlimit.FromCgroup, log)
	warnUnknownVariables(flags, os.Environ(), log)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- runSidecar(ctx, stop, opts, logging{log, level, lines}) }()
	if err := awaitEnd(ctx, ended, opts.endLimit()); err != nil {
		fmt.Fprintf(lines, "bedrock-extproc: %v\n", err)
		return errPrinted
	}
	return nil
}

// logging is the log of the process: log writes to lines, from level upwards.
type logging struct {
	log   *zap.Logger
	level zap.AtomicLevel
	lines *telemetry.LogWriter
}

// runSidecar runs until ctx ends, or calls stop and ends with an error.
func runSidecar(ctx context.Context, stop context.CancelFunc, opts *options, l logging) error {
	sidecar, err := newSidecar(ctx, opts, l)
	if err != nil {
		return err
	}
	l.log.Info("ready", zap.String("listen", opts.listen), zap.Stringer("admin", sidecar.adminAddr()), zap.String("version", version))
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		sidecar.lookForCredentials(ctx)
	}()
	err = sidecar.run(ctx, stop)
	<-looked
	return err
}

// lookAgainAfter is the time between two attempts to find credentials that are missing.
const lookAgainAfter = 10 * time.Second

// lookForCredentials logs whose credentials the sidecar has. If they are required, it
// looks until ctx ends: an unready sidecar gets no call that would.
func (s *sidecar) lookForCredentials(ctx context.Context) {
	s.reloader.Current().Backends().LogOwners(ctx)
	s.health.setLooked()
	if !s.opts.requireCredentials {
		return
	}
	ticks := time.NewTicker(lookAgainAfter)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			s.reloader.Current().Backends().LookAgain(ctx)
			s.health.update()
		}
	}
}

// sidecar is everything that serve runs.
type sidecar struct {
	opts     *options
	log      *zap.Logger
	reloader *gateway.Reloader
	hangups  chan os.Signal
	extproc  *extproc.Server
	grpc     *grpc.Server
	health   *healthState
	admin    *adminServer
	otlp     *otlp.Exporter
	grpcLis  net.Listener
	started  time.Time
}

// newSidecar builds the parts in the order in which they need each other, and
// opens the listeners last.
func newSidecar(ctx context.Context, opts *options, l logging) (*sidecar, error) {
	log := l.log
	s := &sidecar{opts: opts, log: log, hangups: make(chan os.Signal, 1), started: time.Now()}
	s.health = newHealthState(
		func() map[string]string { return s.reloader.Current().Checks() },
		func() map[string]bool { return s.reloader.Current().Backends().WithoutCredentials() })
	s.health.requireCredentials = opts.requireCredentials
	signal.Notify(s.hangups, syscall.SIGHUP)
	registry, err := newRegistry(l.lines)
	if err != nil {
		return nil, err
	}
	gatewayOptions := gateway.Options{AppID: appID(), Log: log, Pages: s.health.pages()}
	if s.reloader, err = gateway.NewReloader(ctx, opts.config, gatewayOptions, registry, s.health.setConfigError); err != nil {
		return nil, err
	}
	if s.otlp, err = otlp.New(ctx, os.LookupEnv, version, registry); err != nil {
		return nil, err
	}
	recorder, err := telemetry.NewRecorder(log, registry, s.otlp.Tracer())
	if err != nil {
		return nil, err
	}
	s.extproc, err = extproc.NewServer(extproc.Config{
		Gateway:        func() extproc.Gateway { return s.reloader.Current() },
		MaxBodyBytes:   opts.maxBody,
		MaxCalls:       opts.maxCalls,
		MaxBodyMemory:  bodyMemory(opts.maxBodyMemory, debug.SetMemoryLimit(-1)),
		UploadTimeout:  opts.uploadTimeout,
		MaxAnswerBytes: opts.maxAnswer,
		KeepAlive:      opts.keepAlive,
		Observe:        recorder.Observe,
		Log:            log,
	})
	if err != nil {
		return nil, err
	}
	if err := telemetry.RegisterState(registry, s.extproc); err != nil {
		return nil, err
	}
	if err := s.newGRPC(); err != nil {
		return nil, err
	}
	return s, s.open(ctx, s.adminPages(registry, recorder, l.level))
}

// newRegistry has the metrics of the process: its version, the Go runtime and the log.
func newRegistry(lines *telemetry.LogWriter) (*prometheus.Registry, error) {
	registry := prometheus.NewRegistry()
	build := metrics.BuildInfo.GaugeVec()
	build.WithLabelValues(version).Set(1)
	registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry, lines.Register(registry)
}

// bodyMemory is the limit on the memory for bodies: the flag, or half of the memory
// limit of the Go runtime if one is set, or 0 for the default.
func bodyMemory(flag, memoryLimit int64) int64 {
	switch {
	case flag > 0:
		return flag
	case memoryLimit < math.MaxInt64:
		return memoryLimit / 2
	default:
		return 0
	}
}

func (s *sidecar) open(ctx context.Context, pages map[string]http.Handler) error {
	hasTLS, err := s.opts.tls.set()
	if err != nil {
		return err
	}
	if s.grpcLis, err = listen(ctx, s.opts.listen, s.opts.socket, hasTLS); err != nil {
		return err
	}
	s.admin, err = newAdminServer(ctx, s.opts.admin, pages, s.log)
	if err != nil {
		return errors.Join(err, s.grpcLis.Close())
	}
	return nil
}

func (s *sidecar) adminAddr() fmt.Stringer { return s.admin.address() }

// run serves until ctx ends or a listener fails, then calls stop and drains.
func (s *sidecar) run(ctx context.Context, stop context.CancelFunc) error {
	defer signal.Stop(s.hangups)
	group, ctx := errgroup.WithContext(ctx)
	context.AfterFunc(ctx, stop)
	group.Go(func() error { return s.grpc.Serve(s.grpcLis) })
	group.Go(s.admin.serve)
	group.Go(func() error { return s.reloader.Run(ctx, s.hangups) })
	group.Go(func() error {
		<-ctx.Done()
		s.drain()
		return s.admin.close()
	})
	s.health.setReady(true)
	err := group.Wait()
	s.flush(context.WithoutCancel(ctx))
	return err
}

// flushTimeout limits sending the last spans and metrics. It is a part of exitGrace.
const flushTimeout = 700 * time.Millisecond

// flush sends the last spans and metrics. A collector that does not answer is no failure of
// the sidecar.
func (s *sidecar) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := s.otlp.Shutdown(ctx); err != nil {
		s.log.Warn("the last spans or metrics were not sent", zap.Error(err))
	}
}
