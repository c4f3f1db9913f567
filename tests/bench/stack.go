package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/fakebedrock"
)

// stack starts the processes, each when it is first needed.
type stack struct {
	ctx      context.Context // of the run: its end ends all processes
	self     string          // this program, which is also the canned parts
	envoy    string
	programs map[string]string // of the sidecars, by the name of their side
	dir      string            // sockets, logs and recorded answers
	all      []*process
	bedrock  string // URL of the canned Bedrock, "" before it is started
	paths    map[string]*path
	sdk      *sdkProcess
}

var errNoEnvoy = errors.New("name Envoy's binary with -envoy or ENVOY_BIN")

// newStack returns a stack without processes. old may be "".
func newStack(ctx context.Context, self, proxy, program, old string) (*stack, error) {
	if proxy == "" {
		return nil, errNoEnvoy
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	programs := map[string]string{newer: program}
	if old != "" {
		programs[older] = old
	}
	s := &stack{ctx: ctx, self: self, envoy: proxy, programs: programs, dir: dir, paths: map[string]*path{}}
	return s, os.Mkdir(s.answers(), 0o700)
}

// path is a way to an answer: an Envoy, and what answers behind it.
type path struct {
	url    string
	envoy  *process
	behind *process // a sidecar, the canned hop or the upstream
}

func (p *path) stop() {
	p.envoy.stop()
	p.behind.stop()
}

// close ends all processes and removes their files.
func (s *stack) close() {
	for _, p := range s.all {
		p.stop()
	}
	_ = os.RemoveAll(s.dir) // a leftover temporary folder is harmless
}

func (s *stack) socket(name string) string { return "unix://" + filepath.Join(s.dir, name+".sock") }

func (s *stack) answers() string { return filepath.Join(s.dir, "answers") }

// start starts a process that ends with the stack.
func (s *stack) start(name, address string, env []string, program string, args ...string) (*process, error) {
	p, err := start(s.ctx, s.dir, name, address, env, program, args...)
	if err == nil {
		s.all = append(s.all, p)
	}
	return p, err
}

// bedrockURL starts the canned Bedrock.
func (s *stack) bedrockURL() (string, error) {
	if s.bedrock != "" {
		return s.bedrock, nil
	}
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	if _, err := s.start("bedrock", address, nil, s.self, "bedrock", address); err != nil {
		return "", err
	}
	s.bedrock = "http://" + address
	return s.bedrock, nil
}

// sidecar returns the path through the sidecar of a side. It is the same one each time.
func (s *stack) sidecar(side string) (*path, error) {
	return s.once(side, func() (*path, error) { return s.newSidecar(side, side, nil, nil) })
}

// once returns the path of that name, and makes it the first time.
func (s *stack) once(name string, make func() (*path, error)) (*path, error) {
	if p, ok := s.paths[name]; ok {
		return p, nil
	}
	p, err := make()
	if err != nil {
		return nil, err
	}
	s.paths[name] = p
	return p, nil
}

// newSidecar starts another sidecar of a side, with env added to its environment, behind an
// Envoy of its own, whose configuration edit may change.
func (s *stack) newSidecar(name, side string, env []string, edit func(*bootstrapv3.Bootstrap) error, flags ...string) (*path, error) {
	bedrock, err := s.bedrockURL()
	if err != nil {
		return nil, err
	}
	sidecar, err := s.start(name, s.socket(name), append(awsEnvironment(bedrock), env...), s.programs[side],
		append([]string{"serve", "-listen", s.socket(name), "-admin", "127.0.0.1:0", "-drain-delay", "0s"}, flags...)...)
	if err != nil {
		return nil, err
	}
	return s.newPath(name, sidecar, edit)
}

func awsEnvironment(bedrock string) []string {
	return []string{
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + bedrock, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=" + fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + fakebedrock.DemoSecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_BEARER_TOKEN_BEDROCK=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "NO_PROXY=127.0.0.1",
	}
}

// hop returns the path through the canned ext_proc server.
func (s *stack) hop() (*path, error) {
	return s.once("hop", func() (*path, error) {
		hop, err := s.start("hop", s.socket("hop"), nil, s.self, "hop", s.socket("hop"), s.answers())
		if err != nil {
			return nil, err
		}
		return s.newPath("hop", hop, nil)
	})
}

// newPath starts the Envoy of a path. It calls what is behind it at the socket of that name.
func (s *stack) newPath(name string, behind *process, edit func(*bootstrapv3.Bootstrap) error) (*path, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	bootstrap, err := envoy.Bootstrap(envoy.Config{
		Listen: listen, Admin: "127.0.0.1:0", ExtProc: s.socket(name), AccessLog: filepath.Join(s.dir, name+"-access.log"),
	})
	if err != nil {
		return nil, err
	}
	if edit != nil {
		if err := edit(bootstrap); err != nil {
			return nil, err
		}
	}
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, name+"-envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	proxy, err := s.start(name+"-envoy", listen, nil, s.envoy, "-c", file, "--disable-hot-restart", "--log-level", "warn", "--concurrency", "2")
	if err != nil {
		return nil, err
	}
	return &path{url: "http://" + listen, envoy: proxy, behind: behind}, nil
}

// freeAddress returns an address of this machine that was just free.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
