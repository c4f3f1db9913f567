package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/metrics"
)

// A Reloader holds the Gateway in use. A changed configuration is applied atomically,
// or rejected. It is safe for concurrent use, except that Run is called once.
type Reloader struct {
	path    string // "" for no file
	opts    Options
	report  func(problem string)
	current atomic.Pointer[Gateway]
	// replaced is the Gateway before current, nil before the first reload. Calls that it
	// still served at the reload have left connections behind. Only Run uses it.
	replaced *Gateway

	reloads *prometheus.CounterVec
	success prometheus.Gauge
	watcher *config.Watcher // nil when there is nothing to watch
}

// NewReloader builds the first Gateway and registers the metrics. report is called
// after each reload: with the first problem of a rejected configuration, or with "".
// No change of the file after the first read is missed.
func NewReloader(ctx context.Context, path string, opts Options, reg prometheus.Registerer, report func(problem string)) (*Reloader, error) {
	if opts.Log == nil {
		opts.Log = zap.NewNop()
	}
	r := &Reloader{path: path, opts: opts, report: report}
	if err := r.register(reg); err != nil {
		return nil, err
	}
	if path != "" {
		var err error
		if r.watcher, err = config.NewWatcher(path); err != nil {
			r.opts.Log.Warn("changes of the configuration file will be noticed late", zap.Error(err))
		}
	}
	first, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	r.current.Store(first)
	return r, reg.Register(backendStates{r})
}

func (r *Reloader) register(reg prometheus.Registerer) error {
	r.reloads, r.success = metrics.Reloads.Counter(), metrics.LastReloadSuccess.Gauge()
	r.reloads.WithLabelValues("success")
	r.reloads.WithLabelValues("failure")
	r.success.Set(1)
	return errors.Join(reg.Register(r.reloads), reg.Register(r.success))
}

// Current is the Gateway in use.
func (r *Reloader) Current() *Gateway { return r.current.Load() }

// Run reloads when the file has changed and for each signal, until ctx ends.
func (r *Reloader) Run(ctx context.Context, signals <-chan os.Signal) error {
	group, ctx := errgroup.WithContext(ctx)
	changed := make(chan struct{}, 1)
	if r.watcher != nil {
		group.Go(func() error {
			return r.watcher.Run(ctx, func() {
				select {
				case changed <- struct{}{}:
				default: // the reload to come reads this change, too
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
				r.reload(ctx, "file")
			case <-signals:
				r.reload(ctx, "SIGHUP")
			}
		}
	})
	return group.Wait()
}

// reload replaces the Gateway, or changes nothing.
func (r *Reloader) reload(ctx context.Context, cause string) {
	next, err := r.loadAgain(ctx)
	if err != nil {
		problems := strings.Split(err.Error(), "\n")
		r.opts.Log.Error("configuration rejected, the previous one stays in use", zap.String("cause", cause), zap.Strings("problems", problems))
		r.report(problems[0])
		r.success.Set(0)
		r.reloads.WithLabelValues("failure").Inc()
		return
	}
	if r.replaced != nil {
		r.replaced.backends.CloseIdleConnections()
	}
	r.replaced = r.current.Swap(next)
	r.replaced.backends.CloseIdleConnections()
	r.report("")
	r.success.Set(1)
	r.reloads.WithLabelValues("success").Inc()
	r.opts.Log.Info("configuration reloaded", zap.String("cause", cause),
		zap.Strings("backends", next.backends.Names()), zap.String("default", next.backends.Default()))
}

// loadAgain rejects an emptied file: a full disk is a likelier cause than the wish to
// return to the defaults.
func (r *Reloader) loadAgain(ctx context.Context) (*Gateway, error) {
	if r.path != "" {
		text, err := os.ReadFile(r.path)
		if err == nil && len(bytes.TrimSpace(text)) == 0 {
			return nil, fmt.Errorf("%s: the file is empty: restart the sidecar to run without a configuration", r.path)
		}
	}
	return r.load(ctx)
}

func (r *Reloader) load(ctx context.Context) (*Gateway, error) {
	cfg, g, err := Load(ctx, r.path, r.opts)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		r.opts.Log.Warn(warning, zap.String("file", r.path))
	}
	return g, nil
}
