package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
)

// live is the service in use, which a reload replaces as a whole. It is
// extproc's backends and dialect, and safe for concurrent use.
type live struct {
	path    string // "" for no file
	log     *zap.Logger
	health  *healthState
	current atomic.Pointer[service]

	reloads *prometheus.CounterVec
	success prometheus.Gauge

	hangup  chan os.Signal
	watcher *config.Watcher // nil when there is nothing to watch
}

// newLive builds the first service, and hears of changes from before on.
func newLive(ctx context.Context, path string, h *healthState, reg prometheus.Registerer, log *zap.Logger) (*live, error) {
	l := &live{path: path, log: log, health: h, hangup: make(chan os.Signal, 1)}
	if err := l.register(reg); err != nil {
		return nil, err
	}
	signal.Notify(l.hangup, syscall.SIGHUP)
	if path != "" {
		var err error
		if l.watcher, err = config.NewWatcher(path); err != nil {
			log.Warn("changes of the configuration file are noticed late", zap.Error(err))
		}
	}
	first, err := loadService(ctx, path, log)
	if err != nil {
		return nil, err
	}
	l.current.Store(first)
	return l, reg.Register(resting{l})
}

func (l *live) register(reg prometheus.Registerer) error {
	l.reloads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bedrock_extproc_config_reloads_total",
		Help: "Reloads of the configuration, by result: success or failure.",
	}, []string{"result"})
	l.success = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bedrock_extproc_config_last_reload_success",
		Help: "1 when the configuration in use is the one that was read last, 0 when that one was refused.",
	})
	l.reloads.WithLabelValues("success")
	l.reloads.WithLabelValues("failure")
	l.success.Set(1)
	return errors.Join(reg.Register(l.reloads), reg.Register(l.success))
}

func loadService(ctx context.Context, path string, log *zap.Logger) (*service, error) {
	cfg, err := loadConfig(path, log)
	if err != nil {
		return nil, err
	}
	return newService(ctx, cfg, log)
}

// run reloads when the file has changed and on SIGHUP, until ctx ends.
func (l *live) run(ctx context.Context) error {
	defer signal.Stop(l.hangup)
	group, ctx := errgroup.WithContext(ctx)
	changed := make(chan struct{}, 1)
	if l.watcher != nil {
		group.Go(func() error {
			return l.watcher.Run(ctx, func() {
				select {
				case changed <- struct{}{}:
				default: // a reload to come will read this change, too
				}
			})
		})
	}
	group.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
				l.reload(ctx, "file")
			case <-l.hangup:
				l.reload(ctx, "SIGHUP")
			}
		}
	})
	return group.Wait()
}

// reload puts a new service in the place of the old one, or changes nothing.
func (l *live) reload(ctx context.Context, cause string) {
	next, err := l.load(ctx)
	if err != nil {
		problems := strings.Split(err.Error(), "\n")
		l.log.Error("configuration refused, the previous one stays in use", zap.String("cause", cause), zap.Strings("problems", problems))
		l.health.setConfigError(problems[0])
		l.success.Set(0)
		l.reloads.WithLabelValues("failure").Inc()
		return
	}
	old := l.current.Swap(next)
	old.backends.CloseIdleConnections()
	l.health.setConfigError("")
	l.success.Set(1)
	l.reloads.WithLabelValues("success").Inc()
	l.log.Info("configuration reloaded", zap.String("cause", cause),
		zap.Strings("backends", backendNames(next.backends)), zap.String("default", next.backends.Default()))
}

// load is loadService for a reload, which an emptied file fails: it is more
// likely a full disk than the wish to go back to the defaults.
func (l *live) load(ctx context.Context) (*service, error) {
	if l.path != "" {
		text, err := os.ReadFile(l.path)
		if err == nil && len(bytes.TrimSpace(text)) == 0 {
			return nil, fmt.Errorf("%s: the file is empty: start anew to run without a configuration", l.path)
		}
	}
	return loadService(ctx, l.path, l.log)
}

// Choose implements extproc.Backends.
func (l *live) Choose(name string, origin extproc.Origin) (extproc.Backend, error) {
	return l.current.Load().choose(name, origin)
}

// Routes implements translator.Dialect. They are the same for all configurations.
func (l *live) Routes() []translator.Route { return l.current.Load().dialect.Routes() }

// Scopes implements translator.Dialect.
func (l *live) Scopes() []translator.Scope { return l.current.Load().dialect.Scopes() }

// Decode implements translator.Dialect.
func (l *live) Decode(req translator.Request) (*translator.Call, error) {
	return l.current.Load().dialect.Decode(req)
}

// EncodeError implements translator.Dialect.
func (l *live) EncodeError(e *translator.Error) translator.Response {
	return l.current.Load().dialect.EncodeError(e)
}

// pages are what GET requests through Envoy's listener see.
func (l *live) pages() []extproc.PageRoute {
	return []extproc.PageRoute{
		{Pattern: "/healthz", Page: l.health.healthz},
		{Pattern: "/readyz", Page: l.health.readyz},
		{Pattern: chat.ModelsPath, Page: func(extproc.PageRequest) translator.Response {
			return jsonPage(http.StatusOK, l.current.Load().models)
		}},
		{Pattern: chat.ProvidersPath, Page: func(extproc.PageRequest) translator.Response {
			return jsonPage(http.StatusOK, l.current.Load().providers)
		}},
	}
}
