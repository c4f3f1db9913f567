package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/fakebedrock"
)

// stack starts the processes, each when it is first needed.
type stack struct {
	ctx      context.Context // of the run: its end ends all processes
	self     string          // this program, which is also the canned parts
	envoy    string
	versions []version // of the sidecar, the newer one first
	dir      string    // sockets, logs and recorded answers
	all      []*process
	urls     map[string]string // of canned HTTP servers, by the name of the part
	paths    map[string]*path
	sdk      *sdkProcess
}

// version is one of the sidecars that are compared. The names of sides end with its suffix.
type version struct{ suffix, program string }

// oldSuffix marks what is measured of the older sidecar.
const oldSuffix = " (old)"

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
	versions := []version{{"", program}}
	if old != "" {
		versions = append(versions, version{oldSuffix, old})
	}
	s := &stack{ctx: ctx, self: self, envoy: proxy, versions: versions, dir: dir, urls: map[string]string{}, paths: map[string]*path{}}
	return s, os.Mkdir(s.answers(), 0o700)
}

// path is a way to an answer: an Envoy, and what answers behind it.
type path struct {
	url    string
	envoy  *process    // nil for a peer that needs none
	behind *process    // a sidecar, the canned hop, the upstream or a peer
	calls  bool        // Bedrock: it is a sidecar or a peer
	header http.Header // of its requests, nil for none
}

// processes are what is behind Envoy, and Envoy if there is one.
func (p *path) processes() []*process {
	if p.envoy == nil {
		return []*process{p.behind}
	}
	return []*process{p.behind, p.envoy}
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
func (s *stack) bedrockURL() (string, error) { return s.onceHTTP("bedrock") }

// collectorURL starts the canned collector of telemetry.
func (s *stack) collectorURL() (string, error) { return s.onceHTTP("collector") }

// onceHTTP starts a canned HTTP server the first time, and returns its URL.
func (s *stack) onceHTTP(part string) (string, error) {
	if url, ok := s.urls[part]; ok {
		return url, nil
	}
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	if _, err := s.start(part, address, nil, s.self, part, address); err != nil {
		return "", err
	}
	s.urls[part] = "http://" + address
	return s.urls[part], nil
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

// sidecar returns the path through a sidecar, the same one each time.
func (s *stack) sidecar(v version) (*path, error) {
	return s.once(newer+v.suffix, func() (*path, error) { return s.newSidecar(newer+v.suffix, v.program, nil) })
}

// newSidecar starts another sidecar, behind an Envoy of its own.
func (s *stack) newSidecar(name, program string, env []string, flags ...string) (*path, error) {
	sidecar, err := s.startSidecar(name, program, env, flags...)
	if err != nil {
		return nil, err
	}
	p, err := s.newPath(name, sidecar, s.socket(name), nil)
	if err != nil {
		return nil, err
	}
	p.calls = true
	return p, nil
}

// startSidecar starts a sidecar at the socket of that name, with env added to its
// environment.
func (s *stack) startSidecar(name, program string, env []string, flags ...string) (*process, error) {
	bedrock, err := s.bedrockURL()
	if err != nil {
		return nil, err
	}
	return s.start(name, s.socket(name), append(awsEnvironment(bedrock), env...), program,
		append([]string{"serve", "-listen", s.socket(name), "-admin", "127.0.0.1:0", "-drain-delay", "0s"}, flags...)...)
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
func (s *stack) hop() (*path, error) { return s.cannedPath("hop", nil) }

// bare returns the path through an Envoy without ext_proc to the canned upstream.
func (s *stack) bare() (*path, error) {
	return s.cannedPath("upstream", withoutFilter(s.socket("upstream")))
}

// cannedPath starts a part that answers with what is recorded, and an Envoy.
func (s *stack) cannedPath(part string, change edit) (*path, error) {
	return s.once(part, func() (*path, error) {
		p, err := s.start(part, s.socket(part), nil, s.self, part, s.socket(part), s.answers())
		if err != nil {
			return nil, err
		}
		return s.newPath(part, p, s.socket(part), change)
	})
}

// recorded is a call of the gateway's API whose answer the hop and the upstream have, too.
func (s *stack) recorded(shape canned.Shape) (request, error) {
	r := chat(shape)
	p, err := s.sidecar(s.versions[0])
	if err != nil {
		return r, err
	}
	body, err := s.record(p, &r)
	if err != nil {
		return r, err
	}
	return r, canned.Record(s.answers(), shape, body)
}

// newPath starts an Envoy with an ext_proc server at a socket. change, if not nil, edits its
// configuration.
func (s *stack) newPath(name string, behind *process, socket string, change edit) (*path, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	bootstrap, err := envoy.Bootstrap(envoy.Config{
		Listen: listen, Admin: "127.0.0.1:0", ExtProc: socket, AccessLog: filepath.Join(s.dir, name+"-access.log"),
	})
	if err != nil {
		return nil, err
	}
	if change != nil {
		if err := change(bootstrap); err != nil {
			return nil, err
		}
	}
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		return nil, err
	}
	proxy, err := s.startEnvoy(name, listen, config)
	if err != nil {
		return nil, err
	}
	return &path{url: "http://" + listen, envoy: proxy, behind: behind}, nil
}

// startEnvoy starts the Envoy of a path with a configuration that listens at an address.
func (s *stack) startEnvoy(name, listen string, config []byte) (*process, error) {
	file := filepath.Join(s.dir, name+"-envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	return s.start(name+"-envoy", listen, nil, s.envoy, "-c", file, "--disable-hot-restart", "--log-level", "warn", "--concurrency", "2")
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
