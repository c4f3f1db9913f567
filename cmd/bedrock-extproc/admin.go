package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof" // it also registers with the default mux, which nothing serves
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/status"
	"bedrock-extproc/internal/telemetry"
)

// adminServer serves probes, metrics and pages for debugging over HTTP, for operators.
// Without an address it serves nothing.
type adminServer struct {
	http *http.Server
	lis  net.Listener
}

func newAdminServer(ctx context.Context, address string, pages map[string]http.Handler, log *zap.Logger) (*adminServer, error) {
	if address == "" {
		return &adminServer{}, nil
	}
	var lc net.ListenConfig
	lis, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-admin: %w", err)
	}
	mux := http.NewServeMux()
	for pattern, page := range pages {
		mux.Handle(pattern, page)
	}
	errorLog := zap.NewStdLog(log) // the default writes to standard error, and waits for its reader
	return &adminServer{http: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: errorLog}, lis: lis}, nil
}

// adminPages are the pages of the admin server, by their patterns. None of them shows
// content of a call or a credential.
func (s *sidecar) adminPages(registry *prometheus.Registry, recorder *telemetry.Recorder, level zap.AtomicLevel) map[string]http.Handler {
	pages := map[string]http.Handler{
		"GET /{$}":            status.Page(),
		"GET /healthz":        pageHandler(s.health.healthz),
		"GET /readyz":         pageHandler(s.health.readyzForOperators),
		"GET /metrics":        promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}), // OpenMetrics has exemplars
		"GET /debug/calls":    recorder.CallsPage(s.extproc.OpenCalls),
		"GET /debug/status":   status.Handler(s.status, registry),
		"GET /debug/config":   http.HandlerFunc(s.configPage),
		"GET /debug/loglevel": level, // {"level":"info"}
		"PUT /debug/loglevel": level,
	}
	if s.opts.pprof {
		pages["GET /debug/pprof/"] = http.HandlerFunc(pprof.Index)
		pages["GET /debug/pprof/profile"] = http.HandlerFunc(pprof.Profile)
		pages["GET /debug/pprof/trace"] = http.HandlerFunc(pprof.Trace)
		pages["GET /debug/pprof/symbol"] = http.HandlerFunc(pprof.Symbol)
	}
	return pages
}

// A shownConfig is the body of /debug/config.
type shownConfig struct {
	Version string    `json:"version"`
	File    string    `json:"file"`
	Loaded  time.Time `json:"loaded"`
	// Problem is why the latest version of the file was rejected, "" if it is in use.
	Problem string `json:"problem"`
	// Config is the file that is in use, without secrets.
	Config json.RawMessage `json:"config"`
}

// configPage shows the configuration in use.
func (s *sidecar) configPage(w http.ResponseWriter, _ *http.Request) {
	page := shownConfig{Version: version, File: s.opts.config, Problem: s.health.configProblem()}
	page.Config, page.Loaded = s.reloader.Current().Shown()
	w.Header().Set("Content-Type", "application/json")
	_ = writeJSON(w, page) // a reader that has left needs no answer
}

func pageHandler(page extproc.Page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer, err := page(extproc.PageRequest{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", answer.ContentType)
		w.WriteHeader(answer.Status)
		_, _ = w.Write(answer.Body) // a probe that has left needs no answer
	})
}

// address is where the server listens, with the actual port.
func (a *adminServer) address() fmt.Stringer {
	if a.lis == nil {
		return &net.TCPAddr{}
	}
	return a.lis.Addr()
}

func (a *adminServer) serve() error {
	if a.lis == nil {
		return nil
	}
	if err := a.http.Serve(a.lis); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (a *adminServer) close() error {
	if a.lis == nil {
		return nil
	}
	return a.http.Close()
}
