package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

const composeExample = "../../examples/docker-compose"

// loadCompose loads a copy of the example whose aws.env has the fake Bedrock's keys.
func loadCompose(t testing.TB) *types.Project {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(composeExample)); err != nil {
		t.Fatal(err)
	}
	env := readFile(t, dir+"/aws.env.example")
	env = strings.Replace(env, "AWS_ACCESS_KEY_ID=\n", "AWS_ACCESS_KEY_ID=AKIDFAKEBEDROCK\n", 1)
	env = strings.Replace(env, "AWS_SECRET_ACCESS_KEY=\n", "AWS_SECRET_ACCESS_KEY=fake-bedrock-secret-key\n", 1)
	if err := os.WriteFile(dir+"/aws.env", []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := parseCompose(t, dir, []byte(readFile(t, dir+"/compose.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// parseCompose parses a Compose file. Unknown keys are errors.
func parseCompose(t testing.TB, dir string, text []byte) (*types.Project, error) {
	t.Helper()
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: dir + "/compose.yaml", Content: text}},
	})
}

func TestComposeIsStrict(t *testing.T) {
	text := readFile(t, composeExample+"/compose.yaml")
	for _, change := range [][2]string{
		{"healthcheck:", "healtcheck:"},
		{"stop_grace_period: 10s", "stop_grace_period: ten"},
		{"depends_on: [bedrock-extproc]", "depends_on: [extproc]"},
		{"- socket:/run", "- sockets:/run"},
	} {
		broken := strings.Replace(text, change[0], change[1], 1)
		if broken == text {
			t.Fatalf("%q is not in compose.yaml", change[0])
		}
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/aws.env", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := parseCompose(t, dir, []byte(broken)); err == nil {
			t.Errorf("%s is accepted", change[1])
		}
	}
}

// TestComposeRun starts the services' commands on this machine, makes calls, and runs
// the health check.
func TestComposeRun(t *testing.T) {
	project := loadCompose(t)
	s := newSite(t)
	programs := map[string]string{"envoy": envoyBinary(t), "bedrock-extproc": build(t, "./cmd/bedrock-extproc")}
	processes := map[string]*process{}
	for _, name := range []string{"bedrock-extproc", "envoy"} {
		service := project.Services[name]
		mounts := composeMounts(&service)
		copyBinds(t, s, &service, mounts)
		env := s.env[:1]
		for name, value := range service.Environment {
			env = append(env, name+"="+*value)
		}
		processes[name] = start(t, env, localCommand(s, append([]string{programs[name]}, service.Command...), mounts)...)
	}
	envoy := project.Services["envoy"]
	check := localCommand(s, envoy.HealthCheck.Test[1:], composeMounts(&envoy))
	healthy := func() error { return exec.CommandContext(t.Context(), check[0], check[1:]...).Run() }
	processes["envoy"].await(t, healthy)

	answers(t, s, processes["envoy"])
	rename(t, filepath.Join(s.folder("bedrock-extproc"), "config.yaml"), "bedrock-us", "renamed")
	s.awaitDefault(t, "renamed")

	processes["bedrock-extproc"].end(t)
	if healthy() == nil {
		t.Error("healthy without bedrock-extproc")
	}
}

// composeMounts maps each mount path to its source.
func composeMounts(service *types.ServiceConfig) map[string]string {
	mounts := map[string]string{}
	for _, v := range service.Volumes {
		mounts[v.Target] = filepath.Base(v.Source)
	}
	return mounts
}

func localCommand(s *site, command []string, mounts map[string]string) []string {
	local := make([]string, len(command))
	for i, arg := range command {
		local[i] = arg
		if i > 0 {
			local[i] = s.here(arg, mounts)
		}
	}
	return local
}

// copyBinds copies a service's bind mounts, adapted to this machine, and creates its
// volumes.
func copyBinds(t testing.TB, s *site, service *types.ServiceConfig, mounts map[string]string) {
	t.Helper()
	for _, v := range service.Volumes {
		folder := s.folder(mounts[v.Target])
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
		if v.Type != types.VolumeTypeBind {
			continue
		}
		entries, err := os.ReadDir(v.Source)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text := s.here(readFile(t, filepath.Join(v.Source, e.Name())), mounts)
			if err := os.WriteFile(filepath.Join(folder, e.Name()), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// rename changes a file as editors do: it replaces the file.
func rename(t testing.TB, file, before, after string) {
	t.Helper()
	text := strings.ReplaceAll(readFile(t, file), before, after)
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// TestComposeObservability loads examples/observability: it adds two services without
// privileges to those of examples/docker-compose, published on loopback only, with files
// that exist.
func TestComposeObservability(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"docker-compose", "observability"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS("../../examples/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/docker-compose/aws.env", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir += "/observability"
	project, err := parseCompose(t, dir, []byte(readFile(t, dir+"/compose.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := project.ServiceNames(), []string{"bedrock-extproc", "envoy", "grafana", "prometheus"}; !slices.Equal(got, want) {
		t.Errorf("services %q, want %q", got, want)
	}
	var f findings
	for _, name := range []string{"grafana", "prometheus"} {
		s := project.Services[name]
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.User == "" || s.MemLimit == 0 {
			t.Errorf("%s has more privileges than it needs", name)
		}
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s is published on %q", name, p.HostIP)
			}
		}
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); v.Type == types.VolumeTypeBind && (err != nil || !v.ReadOnly) {
				t.Errorf("%s: %s is missing or writable: %v", name, v.Source, err)
			}
		}
	}
	composeFiles(project, &f)
	for _, finding := range f {
		t.Error(finding)
	}
}
