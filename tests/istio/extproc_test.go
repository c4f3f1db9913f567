package istio

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/fakebedrock"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	corev1 "k8s.io/api/core/v1"
)

// extProc is a running bedrock-extproc with an example's configuration, and a fake
// Bedrock.
type extProc struct {
	bedrock *fakebedrock.Server
	ended   chan fakebedrock.Call // receives each call to Bedrock at its end
	socket  string
	cmd     *exec.Cmd
	log     bytes.Buffer
}

// startExtProc starts bedrock-extproc on a Unix socket and waits until it is ready.
func startExtProc(t *testing.T, e example) *extProc {
	t.Helper()
	// t.TempDir can be too long for a socket path.
	dir, err := os.MkdirTemp("", "istio-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(only[*corev1.ConfigMap](e)[0].Data["config.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	x := &extProc{ended: make(chan fakebedrock.Call, 1000), socket: filepath.Join(dir, "s.sock")}
	x.bedrock = fakebedrock.New(fakebedrock.Config{OnDone: func(c fakebedrock.Call) { x.ended <- c }})
	server := httptest.NewServer(x.bedrock)
	t.Cleanup(server.Close)
	x.cmd = exec.Command(build(t, dir), //nolint:noctx // stop ends it
		"serve", "-listen", "unix://"+x.socket, "-admin", "127.0.0.1:0", "-config", file, "-drain-delay", "0s")
	x.cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME="+server.URL, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID="+fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY="+fakebedrock.DemoSecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_BEARER_TOKEN_BEDROCK=",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	x.cmd.Stdout, x.cmd.Stderr = &x.log, &x.log
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.stop(t) })
	x.awaitReady(t)
	return x
}

// build builds the program in its own module.
func build(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "bedrock-extproc")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", program, "./cmd/bedrock-extproc")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// awaitReady waits until its health service is serving.
func (x *extProc) awaitReady(t *testing.T) {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+x.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true)); err != nil {
		t.Fatalf("bedrock-extproc is not ready: %v", err)
	}
}

// stop stops the process, and prints its log if the test failed.
func (x *extProc) stop(t *testing.T) {
	if x.cmd.ProcessState != nil {
		return
	}
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	_ = x.cmd.Wait()
	if t.Failed() {
		t.Logf("bedrock-extproc:\n%s", x.log.String())
	}
}

// awaitAborted waits for the end of a call whose client has disconnected.
func (x *extProc) awaitAborted(t *testing.T) {
	t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case c := <-x.ended:
			if c.Aborted {
				return
			}
		case <-late:
			t.Fatal("no call to Bedrock was aborted")
		}
	}
}

// address returns the socket's address.
func (x *extProc) address() *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: x.socket}}}
}

// tcp parses host:port.
func tcp(t *testing.T, address string) *corev3.Address {
	t.Helper()
	host, port, _ := strings.Cut(address, ":")
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(number)},
	}}}
}
