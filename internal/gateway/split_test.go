package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/translator"
)

// tagged is a configuration whose parts each show its name in a translated request:
// the backend's model, its tags, and whether a blank text is repaired.
func tagged(name, translation string) string {
	return fmt.Sprintf(`
bedrock_extproc: {translation: %[2]s, identity: {user: {grpc_metadata: user, default: nobody}}, access: [{match: {}, models: ["%[1]s-*"]}]}
providers: {llm: {default: %[1]s, backends: {%[1]s: {backend: a.BedrockConverseProvider, config: {region: us-east-1, default_model: %[1]s-model, request_metadata: {of: %[1]s}}}}}}
`, name, translation)
}

// begun is a call that has its target but is not decoded yet.
type begun struct {
	gateway *Gateway
	decode  func() (*translator.Call, error)
}

func begin(g *Gateway) (*begun, error) {
	endpoint, err := g.Find("POST", "/api/v1/llm/completions", nil)
	if err != nil {
		return nil, err
	}
	target, err := g.Target("", translator.Caller{}, said{})
	if err != nil {
		return nil, err
	}
	body := []byte(`{"messages":[{"role":"user","content":" "},{"role":"user","content":"hi"}]}`)
	return &begun{g, func() (*translator.Call, error) {
		return target.Decode(endpoint.Dialect, translator.Request{Body: body})
	}}, nil
}

// check requires that the whole call uses one configuration: a repairs, b refuses.
func (b *begun) check() error {
	call, err := b.decode()
	switch b.gateway.Backends().Default() {
	case "a":
		const want = `{"messages":[{"content":[{"text":"hi"}],"role":"user"}],"requestMetadata":{"of":"a"}}`
		if err != nil || call.Model != "a-model" || len(call.Warnings) == 0 {
			return fmt.Errorf("a: %+v, %w", call, err)
		}
		if diff := cmp.Diff(want, string(call.Body)); diff != "" {
			return fmt.Errorf("a: %s", diff)
		}
	default:
		if e := translator.AsError(err); e == nil || e.Kind != translator.KindInvalid || call != nil {
			return fmt.Errorf("b: %+v, %w", call, err)
		}
	}
	return nil
}

func newSplit(t *testing.T) (r *Reloader, write func(text string)) {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	file := filepath.Join(t.TempDir(), "config.yaml")
	write = func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	write(tagged("a", "repair"))
	r, err := NewReloader(t.Context(), file, Options{}, prometheus.NewRegistry(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Run(canceled(), nil); err != nil { // closes the watcher
			t.Errorf("run ended with %v", err)
		}
	})
	return r, write
}

// Choose, reload, decode: a call ends with the configuration that it began with.
func TestReloadNeverSplitsACall(t *testing.T) {
	r, write := newSplit(t)
	before, err := begin(r.Current())
	if err != nil {
		t.Fatal(err)
	}
	write(tagged("b", "strict"))
	r.reload(t.Context(), "test")
	after, err := begin(r.Current())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := before.gateway.Backends().Default(), after.gateway.Backends().Default(); a != "a" || b != "b" {
		t.Fatalf("the calls began with %s and %s", a, b)
	}
	for _, call := range []*begun{before, after} {
		if err := call.check(); err != nil {
			t.Error(err)
		}
	}
}

// The same while reloads and calls go on together.
func TestReloadsDuringCalls(t *testing.T) {
	r, write := newSplit(t)
	stop := make(chan struct{})
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				call, err := begin(r.Current())
				if err == nil {
					err = call.check()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 2 {
		write(tagged("b", "strict"))
		r.reload(t.Context(), "test")
		write(tagged("a", "repair"))
		r.reload(t.Context(), "test")
	}
	close(stop)
	calls.Wait()
}
