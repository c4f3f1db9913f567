package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// tlsFiles name PEM files. All are set, or none.
type tlsFiles struct{ cert, key, clientCA string }

// set reports whether TLS is configured. A partial configuration is an error.
func (f tlsFiles) set() (bool, error) {
	switch {
	case f == (tlsFiles{}):
		return false, nil
	case f.cert == "" || f.key == "" || f.clientCA == "":
		return false, errors.New("-tls-cert, -tls-key and -tls-client-ca must be set together")
	}
	return true, nil
}

// credentials requires a client certificate of the CA. The files are read again for
// each connection, so that renewed certificates are used at once: Envoy makes only a
// few connections and keeps them. While the files are invalid, the previous ones stay
// in use.
func (f tlsFiles) credentials(log *zap.Logger) (grpc.ServerOption, error) {
	first, err := f.load()
	if err != nil {
		return nil, err
	}
	var current atomic.Pointer[tls.Config]
	current.Store(first)
	config := first.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		next, err := f.load()
		if err != nil {
			log.Error("cannot load the TLS files, the previous ones stay in use", zap.Error(err))
			return current.Load(), nil
		}
		current.Store(next)
		return next, nil
	}
	return grpc.Creds(credentials.NewTLS(config)), nil
}

func (f tlsFiles) load() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert: %w", err)
	}
	pem, err := os.ReadFile(f.clientCA)
	if err != nil {
		return nil, fmt.Errorf("-tls-client-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("-tls-client-ca %s holds no PEM certificate", f.clientCA)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2"},
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
	}, nil
}
