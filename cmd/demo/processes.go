package main

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
)

// readyLimit is the time for all processes to become ready.
const readyLimit = 30 * time.Second

// The fake Bedrock's demo identity; see tests/fakebedrock.
const (
	fakeKey    = "AKIDFAKEBEDROCK"
	fakeSecret = "fake-bedrock-secret-key"
)

// checkPorts returns an error that names the variable of each port in use.
func (s *settings) checkPorts(ctx context.Context) error {
	var problems []error
	for _, p := range []struct {
		name string
		port int
		used bool
	}{
		{"PORT", s.port, true},
		{"ENVOY_ADMIN_PORT", s.envoyAdmin, true},
		{"ADMIN_PORT", s.admin, true},
		{"BEDROCK_PORT", s.bedrock, !s.aws},
	} {
		if !p.used {
			continue
		}
		if err := free(ctx, p.port); err != nil {
			problems = append(problems, fmt.Errorf("port %d cannot be used (%w): choose another one with make run %s=…", p.port, err, p.name))
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

// start starts the processes, each after those it calls.
func (s *settings) start(ctx context.Context, g *group, dir string) error {
	env := os.Environ()
	if !s.aws {
		if err := g.start("bedrock", exec.Command(filepath.Join(s.bin, "fakebedrock"), "-addr", loopback(s.bedrock))); err != nil {
			return err
		}
		env = append(env, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://"+loopback(s.bedrock),
			"AWS_ACCESS_KEY_ID="+fakeKey, "AWS_SECRET_ACCESS_KEY="+fakeSecret, "AWS_SESSION_TOKEN=",
			"AWS_BEARER_TOKEN_BEDROCK=", "AWS_PROFILE=", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
			"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "NO_PROXY=127.0.0.1")
	}
	socket := "unix://" + filepath.Join(dir, "extproc.sock")
	program := filepath.Join(s.bin, "bedrock-extproc")
	sidecar := exec.Command(program, "serve", "-listen", socket, "-admin", loopback(s.admin), "-drain-delay", "0s", "-drain-timeout", "3s", "-config", s.config)
	sidecar.Env = env
	if err := g.start("sidecar", sidecar); err != nil {
		return err
	}
	config := filepath.Join(dir, "envoy.yaml")
	// Envoy 1.37 does not know the slow-reader timeout.
	if err := writeConfig(ctx, program, config, "-slow-reader-timeout", "0", "-listen", loopback(s.port), "-admin", loopback(s.envoyAdmin), "-extproc", socket); err != nil {
		return err
	}
	return g.start("envoy", exec.Command(s.envoy, "-c", config, "--log-level", "warn", "--disable-hot-restart", "--file-flush-interval-msec", "100"))
}

// writeConfig writes the output of "bedrock-extproc envoy-config" to file.
func writeConfig(ctx context.Context, program, file string, flags ...string) error {
	cmd := exec.CommandContext(ctx, program, append([]string{"envoy-config"}, flags...)...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("envoy-config: %w", err)
	}
	return os.WriteFile(file, text, 0o600)
}

// awaitReady waits until the sidecar answers through Envoy that it is ready.
func (s *settings) awaitReady(ctx context.Context, g *group) error {
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

func (s *settings) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+loopback(s.port)+"/readyz", http.NoBody)
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
