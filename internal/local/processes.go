package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

// readyLimit is the time for all processes to become ready.
const readyLimit = 30 * time.Second

// checkPorts returns an error that names the flag of each port in use.
func (s *Settings) checkPorts(ctx context.Context) error {
	var problems []error
	for _, p := range []struct {
		flag, variable string
		port           int
		used           bool
	}{
		{"port", "PORT", s.Port, true},
		{"envoy-admin-port", "ENVOY_ADMIN_PORT", s.EnvoyAdmin, true},
		{"admin-port", "ADMIN_PORT", s.Admin, true},
		{"bedrock-port", "BEDROCK_PORT", s.Bedrock, !s.AWS},
	} {
		if !p.used {
			continue
		}
		if err := free(ctx, p.port); err != nil {
			problems = append(problems, fmt.Errorf("port %d cannot be used (%w): choose another one with --%s (make run %s=…)", p.port, err, p.flag, p.variable))
		}
	}
	return errors.Join(problems...)
}

// free returns an error if the port is in use.
func free(ctx context.Context, port int) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", loopback(port))
	if err != nil {
		return errors.Unwrap(err)
	}
	return l.Close()
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// start starts the sidecar, and then Envoy, which calls it.
func (s *Settings) start(g *group, dir string) error {
	socket := "unix://" + filepath.Join(dir, "extproc.sock")
	sidecar := exec.Command(s.Program, "serve", "--listen", socket, "--admin", loopback(s.Admin), "--drain-delay", "0s", "--drain-timeout", "3s", "--config", s.Config)
	sidecar.Env = os.Environ()
	if !s.AWS {
		sidecar.Env = append(sidecar.Env, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://"+loopback(s.Bedrock),
			"AWS_ACCESS_KEY_ID="+fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY="+fakebedrock.DemoSecretAccessKey, "AWS_SESSION_TOKEN=",
			"AWS_BEARER_TOKEN_BEDROCK=", "AWS_PROFILE=", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
			"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "NO_PROXY=127.0.0.1")
	}
	if err := g.start("sidecar", sidecar); err != nil {
		return err
	}
	return s.startEnvoy(g, dir, socket)
}

// awaitReady waits until the sidecar answers through Envoy that it is ready.
func (s *Settings) awaitReady(ctx context.Context, g *group) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, errors.New("not ready in time"))
	defer cancel()
	for {
		last := s.ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case err := <-g.ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Settings) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+loopback(s.Port)+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", resp.Status)
	}
	return nil
}
