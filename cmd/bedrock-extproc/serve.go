package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/gateway"
	"bedrock-extproc/internal/telemetry"
)

// serve runs the sidecar until ctx ends, then drains it.
func serve(ctx context.Context, args []string, env lookupEnv, stderr io.Writer) error {
	var opts options
	flags := opts.flags()
	if err := parse(flags, args, env, stderr); err != nil {
		return err
	}
	log := newLogger(stderr, opts.logLevel)
	warnUnknownVariables(flags, os.Environ(), log)
	sidecar, err := newSidecar(ctx, &opts, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log.Info("ready", zap.String("listen", opts.listen), zap.Stringer("admin", sidecar.adminAddr()), zap.String("version", version))
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		sidecar.reloader.Current().Backends().LogOwners(ctx)
	}()
	err = sidecar.run(ctx)
	cancel()
	<-looked
	return err
}

func newLogger(w io.Writer, level zapcore.Level) *zap.Logger {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.EncodeDuration = zapcore.MillisDurationEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.Lock(zapcore.AddSync(w)), level))
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
	grpcLis  net.Listener
}

// newSidecar builds the parts in the order in which they need each other, and
// opens the listeners last.
func newSidecar(ctx context.Context, opts *options, log *zap.Logger) (*sidecar, error) {
	s := &sidecar{opts: opts, log: log, hangups: make(chan os.Signal, 1)}
	s.health = newHealthState(func() map[string]string { return s.reloader.Current().Checks() })
	signal.Notify(s.hangups, syscall.SIGHUP)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	var err error
	gatewayOptions := gateway.Options{AppID: appID(), Log: log, Pages: s.health.pages()}
	if s.reloader, err = gateway.NewReloader(ctx, opts.config, gatewayOptions, registry, s.health.setConfigError); err != nil {
		return nil, err
	}
	recorder, err := telemetry.NewRecorder(log, registry, func() int { return s.extproc.InFlight() })
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
	if err := telemetry.RegisterLimits(registry, s.extproc.Limits); err != nil {
		return nil, err
	}
	if err := s.newGRPC(); err != nil {
		return nil, err
	}
	return s, s.open(ctx, registry)
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

// streamWindow bounds what Envoy may send of one body before it is read, in bytes. The
// default grows to 16 MiB for each stream.
const streamWindow = 256 << 10

// newGRPC sets up the server that Envoy calls.
func (s *sidecar) newGRPC() error {
	serverOptions := []grpc.ServerOption{
		// A filter in BUFFERED mode sends a whole body as one message.
		grpc.MaxRecvMsgSize(max(16<<20, s.opts.maxBody+1<<20)),
		grpc.InitialWindowSize(streamWindow), grpc.InitialConnWindowSize(16 * streamWindow),
		// Envoy's cluster pings every 30 s; gRPC's default would hang up on it.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	hasTLS, err := s.opts.tls.set()
	if err != nil {
		return err
	}
	if hasTLS {
		creds, err := s.opts.tls.credentials(s.log)
		if err != nil {
			return err
		}
		serverOptions = append(serverOptions, creds)
	}
	s.grpc = grpc.NewServer(serverOptions...)
	s.extproc.Register(s.grpc)
	s.health.register(s.grpc)
	if s.opts.reflection {
		reflection.Register(s.grpc)
	}
	return nil
}

func (s *sidecar) open(ctx context.Context, registry *prometheus.Registry) error {
	hasTLS, err := s.opts.tls.set()
	if err != nil {
		return err
	}
	if s.grpcLis, err = listen(ctx, s.opts.listen, hasTLS); err != nil {
		return err
	}
	s.admin, err = newAdminServer(ctx, s.opts.admin, s.health, registry)
	if err != nil {
		return errors.Join(err, s.grpcLis.Close())
	}
	return nil
}

func (s *sidecar) adminAddr() fmt.Stringer { return s.admin.address() }

// run serves until ctx ends or a listener fails, then drains.
func (s *sidecar) run(ctx context.Context) error {
	defer signal.Stop(s.hangups)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.grpc.Serve(s.grpcLis) })
	group.Go(s.admin.serve)
	group.Go(func() error { return s.reloader.Run(ctx, s.hangups) })
	group.Go(func() error {
		<-ctx.Done()
		s.drain()
		return s.admin.close()
	})
	s.health.setReady(true)
	return group.Wait()
}
