package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"bedrock-extproc/extproc"
)

// adminServer serves probes and metrics over HTTP, for operators. Without an address
// it serves nothing.
type adminServer struct {
	http *http.Server
	lis  net.Listener
}

func newAdminServer(ctx context.Context, address string, h *healthState, registry *prometheus.Registry, log *zap.Logger) (*adminServer, error) {
	if address == "" {
		return &adminServer{}, nil
	}
	var lc net.ListenConfig
	lis, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-admin: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", pageHandler(h.healthz))
	mux.Handle("GET /readyz", pageHandler(h.readyzForOperators))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	errorLog := zap.NewStdLog(log) // the default writes to standard error, and waits for its reader
	return &adminServer{http: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: errorLog}, lis: lis}, nil
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
