package kubernetes

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"sigs.k8s.io/yaml"
)

// composeRules check that the services match each other.
func composeRules() []func(*types.Project, *findings) {
	return []func(*types.Project, *findings){
		composeRestricted, composeFiles, composeSocket, composePorts, composeImages, composeGrace, composeOrder, composeCapacity,
	}
}

func composeFindings(p *types.Project) findings {
	var f findings
	for _, check := range composeRules() {
		check(p, &f)
	}
	return f
}

func TestComposeRules(t *testing.T) {
	for _, finding := range composeFindings(loadCompose(t)) {
		t.Error(finding)
	}
}

// composeRestricted: the services have no privileges and the same user, who owns the
// socket's volume.
func composeRestricted(p *types.Project, f *findings) {
	options := p.Volumes["socket"].DriverOpts
	for _, s := range p.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			f.add("%s has more privileges than it needs", s.Name)
		}
		uid, gid, _ := strings.Cut(s.User, ":")
		if uid == "" || uid == "0" || !strings.Contains(options["o"], "uid="+uid+",gid="+gid+",mode=0770") {
			f.add("%s runs as %q, and the socket's volume has %q", s.Name, s.User, options["o"])
		}
	}
}

// composeFiles: the files in commands are in mounted folders.
func composeFiles(p *types.Project, f *findings) {
	for _, s := range p.Services {
		texts := append(slices.Clone(s.Command), healthTest(&s)...)
		for _, file := range filePath.FindAllString(strings.Join(texts, "\n"), -1) {
			if !composeHolds(&s, file) {
				f.add("%s: no mount has %s", s.Name, file)
			}
		}
	}
}

func healthTest(s *types.ServiceConfig) []string {
	if s.HealthCheck == nil {
		return nil
	}
	return s.HealthCheck.Test
}

func composeHolds(s *types.ServiceConfig, file string) bool {
	v := composeVolume(s, file)
	if v == nil || v.Type != types.VolumeTypeBind {
		return v != nil
	}
	_, err := os.Stat(filepath.Join(v.Source, strings.TrimPrefix(file, v.Target)))
	return err == nil && v.ReadOnly
}

// composeVolume returns the volume of a file, or nil.
func composeVolume(s *types.ServiceConfig, file string) *types.ServiceVolumeConfig {
	for i, v := range s.Volumes {
		if strings.HasPrefix(file, v.Target+"/") {
			return &s.Volumes[i]
		}
	}
	return nil
}

// composeEnvoy returns the Envoy configuration of the service envoy.
func composeEnvoy(p *types.Project, f *findings) *envoyFile {
	file := &envoyFile{}
	text, err := os.ReadFile(filepath.Join(p.WorkingDir, "envoy", "envoy.yaml"))
	if err == nil {
		err = yaml.Unmarshal(text, file)
	}
	if err != nil {
		f.add("%v", err)
	}
	return file
}

// composeSocket: Envoy and bedrock-extproc use the same socket.
func composeSocket(p *types.Project, f *findings) {
	envoy, extproc := p.Services["envoy"], p.Services["bedrock-extproc"]
	listens := composeFlag(&extproc, "listen")
	for _, c := range composeEnvoy(p, f).Static.Clusters {
		calls := c.LoadAssignment.Endpoints[0].LbEndpoints[0].Endpoint.Address
		here, there := composeVolume(&envoy, calls.Pipe.Path), composeVolume(&extproc, strings.TrimPrefix(listens, "unix://"))
		if here == nil || there == nil || here.Source != there.Source || calls.String() != listens {
			f.add("Envoy calls %s, and bedrock-extproc listens on %s", calls.String(), listens)
		}
	}
}

func composeFlag(s *types.ServiceConfig, name string) string {
	for _, arg := range s.Command {
		if value, ok := strings.CutPrefix(arg, "-"+name+"="); ok {
			return value
		}
	}
	return ""
}

// composePorts: Envoy's listener is published on loopback only.
func composePorts(p *types.Project, f *findings) {
	for _, s := range p.Services {
		for _, port := range s.Ports {
			listeners := composeEnvoy(p, f).Static.Listeners
			if port.HostIP != "127.0.0.1" || s.Name != "envoy" || listeners[0].Address.Socket.Port != int32(port.Target) {
				f.add("%s publishes port %d on %q", s.Name, port.Target, port.HostIP)
			}
		}
	}
}

// composeImages: there are two images; bedrock-extproc's is built from the root.
func composeImages(p *types.Project, f *findings) {
	for _, s := range p.Services {
		if !image.MatchString(s.Image) {
			f.add("%s: image %s", s.Name, s.Image)
		}
	}
	if b := p.Services["bedrock-extproc"].Build; b == nil || b.Context != filepath.Join(p.WorkingDir, "../..") {
		f.add("bedrock-extproc is not built from the root")
	}
	if _, err := os.Stat("../../Dockerfile"); err != nil {
		f.add("%v", err)
	}
}

// composeGrace: Docker waits until the drain is done.
func composeGrace(p *types.Project, f *findings) {
	s := p.Services["bedrock-extproc"]
	needed := endGrace
	for _, name := range []string{"drain-delay", "drain-timeout"} {
		d, err := time.ParseDuration(composeFlag(&s, name))
		if err != nil {
			f.add("-%s: %v", name, err)
		}
		needed += d
	}
	if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) <= needed {
		f.add("bedrock-extproc has less than %s to stop", needed)
	}
}

// composeOrder: Envoy starts last and stops first.
func composeOrder(p *types.Project, f *findings) {
	if _, ok := p.Services["envoy"].DependsOn["bedrock-extproc"]; !ok {
		f.add("Envoy does not depend on bedrock-extproc")
	}
	if len(healthTest(new(p.Services["envoy"]))) == 0 {
		f.add("Envoy has no health check")
	}
}

// composeCapacity: memory and calls have limits, and Go's memory limit is a little below
// the container's.
func composeCapacity(p *types.Project, f *findings) {
	for _, s := range p.Services {
		if s.MemLimit == 0 {
			f.add("%s has no memory limit", s.Name)
		}
	}
	s := p.Services["bedrock-extproc"]
	if calls, err := strconv.Atoi(composeFlag(&s, "max-calls")); err != nil || calls <= 0 {
		f.add("bedrock-extproc does not limit calls")
	}
	if value := s.Environment["GOMEMLIMIT"]; value == nil || !belowLimit(*value, int64(s.MemLimit)) {
		f.add("bedrock-extproc has no GOMEMLIMIT below its memory limit")
	}
}

func TestComposeBroken(t *testing.T) {
	for finding, edit := range map[string]func(envoy, extproc *types.ServiceConfig){
		"envoy has more privileges":                func(envoy, _ *types.ServiceConfig) { envoy.CapDrop = nil },
		`envoy runs as "101:101"`:                  func(envoy, _ *types.ServiceConfig) { envoy.User = "101:101" },
		"no mount has /etc/bedrock-extproc/c.yaml": func(_, extproc *types.ServiceConfig) { extproc.Command[1] = "-config=/etc/bedrock-extproc/c.yaml" },
		"no mount has /etc/envoy/ready.sh":         func(envoy, _ *types.ServiceConfig) { envoy.Volumes = nil },
		"listens on unix:///run/bedrock-extproc/x": func(_, extproc *types.ServiceConfig) { extproc.Command[0] = "-listen=unix:///run/bedrock-extproc/x" },
		`envoy publishes port 8000 on ""`:          func(envoy, _ *types.ServiceConfig) { envoy.Ports[0].HostIP = "" },
		"bedrock-extproc: image bedrock-extproc:1": func(_, extproc *types.ServiceConfig) { extproc.Image = "bedrock-extproc:1" },
		"is not built from the root":               func(_, extproc *types.ServiceConfig) { extproc.Build = nil },
		"less than 7s to stop":                     func(_, extproc *types.ServiceConfig) { extproc.StopGracePeriod = nil },
		"Envoy does not depend on bedrock-extproc": func(envoy, _ *types.ServiceConfig) { envoy.DependsOn = nil },
		"envoy has no memory limit":                func(envoy, _ *types.ServiceConfig) { envoy.MemLimit = 0 },
		"bedrock-extproc does not limit calls":     func(_, extproc *types.ServiceConfig) { extproc.Command = extproc.Command[:3] },
		"has no GOMEMLIMIT below":                  func(_, extproc *types.ServiceConfig) { extproc.MemLimit = 256 << 20 },
		"Envoy has no health check":                func(envoy, _ *types.ServiceConfig) { envoy.HealthCheck = nil },
	} {
		t.Run(finding, func(t *testing.T) {
			p := loadCompose(t)
			envoy, extproc := p.Services["envoy"], p.Services["bedrock-extproc"]
			edit(&envoy, &extproc)
			p.Services["envoy"], p.Services["bedrock-extproc"] = envoy, extproc
			found := composeFindings(p)
			if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, finding) }) {
				t.Errorf("found only %q", found)
			}
		})
	}
}

// TestSecretsAreIgnored checks that git ignores the file with keys.
func TestSecretsAreIgnored(t *testing.T) {
	if !regexp.MustCompile(`(?m)^aws\.env$`).MatchString(readFile(t, composeExample+"/.gitignore")) {
		t.Error("git does not ignore aws.env")
	}
}
