package gateway

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
)

const oneBackend = `providers:
  llm:
    default: %[1]s
    backends:
      %[1]s:
        backend: a.BedrockConverseProvider
        config: {region: us-east-1, default_model: %[1]s-model, models: {fast: m}}
`

// reloading is a Reloader with its log, metrics and reports.
type reloading struct {
	*Reloader
	file     string
	registry *prometheus.Registry
	logs     *observer.ObservedLogs
	problem  string        // as reported last
	reloaded chan struct{} // gets a token for each reload that worked
}

func newReloading(t *testing.T) *reloading {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	core, logs := observer.New(zap.InfoLevel)
	r := &reloading{file: filepath.Join(t.TempDir(), "config.yaml"), registry: prometheus.NewRegistry(), logs: logs, reloaded: make(chan struct{}, 10)}
	r.write(t, fmt.Sprintf(oneBackend, "a"))
	log := zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if e.Message == "configuration reloaded" {
			r.reloaded <- struct{}{}
		}
		return nil
	}))
	var err error
	if r.Reloader, err = NewReloader(t.Context(), r.file, Options{Log: log}, r.registry, func(problem string) { r.problem = problem }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Run(canceled(), nil); err != nil {
			t.Errorf("run ended with %v", err)
		}
	})
	return r
}

func (r *reloading) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// metrics are the values of the reload metrics, by name and result.
func (r *reloading) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "bedrock_extproc_config_")
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			values[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

// page is the answer of a page in use.
func (r *reloading) page(t *testing.T, path string) string {
	t.Helper()
	endpoint, err := r.Current().Find(http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := endpoint.Page(extproc.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", answer.Status, answer.Body)
}

// defaultModel distinguishes the configurations.
func (r *reloading) defaultModel(t *testing.T, provider string) string {
	t.Helper()
	target, err := r.Current().Target(provider, translator.Caller{}, said{})
	if err != nil {
		return translator.AsError(err).Message
	}
	return target.DefaultModel
}

func TestReload(t *testing.T) {
	r := newReloading(t)
	r.write(t, fmt.Sprintf(oneBackend, "b"))
	r.reload(t.Context(), "test")

	if got := r.defaultModel(t, "b"); got != "b-model" {
		t.Errorf("the new backend: %s", got)
	}
	if got := r.defaultModel(t, "a"); got != "Unknown llm provider 'a'. Available: b" {
		t.Errorf("the old backend: %s", got)
	}
	if got, want := r.page(t, chat.ProvidersPath), `200 {"llm":{"default":"b","available":["b"]}}`; got != want {
		t.Errorf("providers %s, want %s", got, want)
	}
	const model = `{"name":%q,"provider":"bedrock","capabilities":["chat","tool_use"]}`
	if got, want := r.page(t, chat.ModelsPath), fmt.Sprintf(`200 {"models":[`+model+","+model+`]}`, "b-model", "fast"); got != want {
		t.Errorf("models %s, want %s", got, want)
	}
	want := map[string]float64{"last_reload_success": 1, "reloads_total success": 1, "reloads_total failure": 0, "bedrock_extproc_backend_resting_models b": 0, "bedrock_extproc_backend_credentials_missing b": 0}
	if diff := cmp.Diff(want, r.metrics(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// TestReloadReplacesEveryPart changes one part of the configuration at a time, and
// compares what a call gets from it.
func TestReloadReplacesEveryPart(t *testing.T) {
	const text = `
bedrock_extproc: {translation: repair, identity: {user: {grpc_metadata: user, default: nobody}}, access: [{match: {}, models: ["*"], guardrail: {id: gr-1, version: "1"}}]}
providers: {llm: {default: a, backends: {a: {backend: a.BedrockConverseProvider, config: {region: us-east-1, default_model: m, request_metadata: {team: red}}}}}}
`
	const body = `{"guardrailConfig":{"guardrailIdentifier":"gr-1","guardrailVersion":"1"},"messages":[{"content":[{"text":"hi"}],"role":"user"}],"requestMetadata":{"team":"red"}}`
	before := "m " + body
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":          {"", "", before},
		"default model":    {"default_model: m", "default_model: n", "n " + body},
		"request metadata": {"team: red", "team: blue", "m " + strings.Replace(body, "red", "blue", 1)},
		"guardrail":        {"id: gr-1", "id: gr-2", "m " + strings.Replace(body, "gr-1", "gr-2", 1)},
		"translation":      {"repair", "strict", "invalid_request"},
		"access":           {`models: ["*"]`, "models: [n]", "not_permitted"},
		"required":         {", default: nobody}}", "}}, require_identity: true", "missing_identity"},
		"backend's name":   {"default: a, backends: {a:", "default: b, backends: {b:", before},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReloading(t)
			r.write(t, text)
			r.reload(t.Context(), "test")
			if diff := cmp.Diff(before, callOf(r.Current())); diff != "" {
				t.Fatalf("before (-want +got):\n%s", diff)
			}
			r.write(t, strings.Replace(text, c.old, c.new, 1))
			r.reload(t.Context(), "test")
			if diff := cmp.Diff(c.want, callOf(r.Current())); diff != "" {
				t.Errorf("after (-want +got):\n%s", diff)
			}
			if name == "backend's name" && r.Current().Backends().Default() != "b" {
				t.Errorf("the default backend is %s", r.Current().Backends().Default())
			}
		})
	}
}

// callOf returns model and body of a call that needs a repair, or the kind of its error.
func callOf(g *Gateway) string {
	begun, err := begin(g)
	if err != nil {
		return string(translator.AsError(err).Kind)
	}
	call, err := begun.decode()
	if err != nil {
		return string(translator.AsError(err).Kind)
	}
	return call.Model + " " + string(call.Body)
}

// TestFailedReload keeps all of the old configuration, and says so.
func TestFailedReload(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"two problems": {
			"allow_server_credentials: maybe\nbedrock_extproc: {translate: x}\n",
			[]string{`FILE:1: allow_server_credentials: "maybe" is not one of never, fallback, always`, `FILE:2: bedrock_extproc.translate: unknown key: did you mean "translation"?`},
		},
		"a model of another region": {
			strings.ReplaceAll(fmt.Sprintf(oneBackend, "b"), "fast: m", `fast: "arn:aws:bedrock:eu-west-1:1:x/y"`),
			[]string{`FILE:7: providers.llm.backends.b.config.models.fast: the model arn:aws:bedrock:eu-west-1:1:x/y is in eu-west-1, but the backend calls us-east-1`},
		},
		"an unknown family": {"bedrock_extproc: {model_families: {x: nova-1}}", []string{`FILE:1: bedrock_extproc.model_families.x: there is no family "nova-1": did you mean "nova"?`}},
		"emptied":           {" \n", []string{"FILE: the file is empty: restart the sidecar to run without a configuration"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReloading(t)
			r.write(t, c.text)
			r.reload(t.Context(), "test")

			if got := r.defaultModel(t, ""); got != "a-model" {
				t.Errorf("the backend is %s", got)
			}
			entries := r.logs.FilterMessageSnippet("rejected").All()
			if len(entries) != 1 {
				t.Fatalf("%d lines in the log, want 1", len(entries))
			}
			var problems []string
			for _, p := range entries[0].ContextMap()["problems"].([]any) {
				problems = append(problems, strings.ReplaceAll(p.(string), r.file, "FILE"))
			}
			if diff := cmp.Diff(c.want, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if got := strings.ReplaceAll(r.problem, r.file, "FILE"); got != problems[0] {
				t.Errorf("reported %s, want %s", got, problems[0])
			}
			want := map[string]float64{"last_reload_success": 0, "reloads_total success": 0, "reloads_total failure": 1, "bedrock_extproc_backend_resting_models a": 0, "bedrock_extproc_backend_credentials_missing a": 0}
			if diff := cmp.Diff(want, r.metrics(t)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}

			r.write(t, fmt.Sprintf(oneBackend, "b"))
			r.reload(t.Context(), "test")
			if r.problem != "" {
				t.Errorf("reported %s after a good reload", r.problem)
			}
			if got := r.metrics(t)["last_reload_success"]; got != 1 {
				t.Errorf("last_reload_success %v after a good reload", got)
			}
		})
	}
}

// TestReloadCauses waits for the reload that a written file causes, and for the
// one of a signal.
func TestReloadCauses(t *testing.T) {
	r := newReloading(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended, signals := make(chan error), make(chan os.Signal, 1)
	go func() { ended <- r.Run(ctx, signals) }()
	r.write(t, fmt.Sprintf(oneBackend, "b"))
	r.reloadedBy(t, "file")
	signals <- syscall.SIGHUP
	r.reloadedBy(t, "SIGHUP")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

// reloadedBy waits for the next reload, which must have that cause.
func (r *reloading) reloadedBy(t *testing.T, cause string) {
	t.Helper()
	select {
	case <-r.reloaded:
	case <-time.After(10 * time.Second):
		t.Fatalf("no reload by %s", cause)
	}
	entries := r.logs.FilterMessage("configuration reloaded").All()
	if got := entries[len(entries)-1].ContextMap()["cause"]; got != cause {
		t.Fatalf("reloaded by %v, want %s", got, cause)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
