package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// made is the folder of the release that TestMain makes.
var made string

// platforms are those of "make release".
var platforms = []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"}

func TestMain(m *testing.M) {
	var err error
	if made, err = os.MkdirTemp("", "bedrock-extproc-release-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := 1
	if out, err := makeRelease(made); err != nil {
		fmt.Fprintf(os.Stderr, "make release: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(made)
	os.Exit(code)
}

// makeRelease is "make release" as a person calls it, also if make runs this test.
func makeRelease(folder string, variables ...string) ([]byte, error) {
	cmd := exec.Command("make", append([]string{"-C", "..", "release", "RELEASE=" + folder}, variables...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "MAKEFLAGS=") || strings.HasPrefix(entry, "MAKELEVEL=")
	})
	return cmd.CombinedOutput()
}

// archived are the files of a platform's archive by name.
func archived(t *testing.T, platform string) map[string]file {
	t.Helper()
	return untarGz(t, "bedrock-extproc_dev_"+platform+".tar.gz")
}

// untarGz returns the files of an archive by name, after checks of what all archives have
// in common.
func untarGz(t *testing.T, name string) map[string]file {
	t.Helper()
	f, err := os.Open(filepath.Join(made, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if !unzipped.ModTime.IsZero() {
		t.Errorf("%s: compressed at %v", name, unzipped.ModTime)
	}
	return untar(t, unzipped)
}

func untar(t *testing.T, from io.Reader) map[string]file {
	t.Helper()
	files, last := map[string]file{}, (*tar.Header)(nil)
	for archive := tar.NewReader(from); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s has an owner", header.Name)
		}
		if last != nil && (header.Name <= last.Name || !header.ModTime.Equal(last.ModTime)) {
			t.Errorf("%s of %v follows %s of %v", header.Name, header.ModTime, last.Name, last.ModTime)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name], last = file{header.Name, header.Mode, content}, header
	}
}

// The folder has every file, and SHA256SUMS has the checksum of each.
func TestFiles(t *testing.T) {
	want := []string{"SHA256SUMS", "bedrock-extproc-0.0.0-dev.tgz", "bedrock-extproc_dev_image.tar"}
	for _, platform := range platforms {
		want = append(want, "bedrock-extproc_dev_"+platform+".tar.gz", "bedrock-extproc_dev_"+platform+".cdx.json")
	}
	slices.Sort(want)
	var names, sums []string
	files, err := readFiles(made, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.name)
		if f.name != "SHA256SUMS" {
			sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(f.content), f.name))
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	if got, err := os.ReadFile(filepath.Join(made, "SHA256SUMS")); err != nil || string(got) != strings.Join(sums, "") {
		t.Errorf("SHA256SUMS, %v:\n%s", err, got)
	}
}

// Each archive has a program for its platform and all that a first run needs, in one
// folder.
func TestArchives(t *testing.T) {
	for _, platform := range platforms {
		files := archived(t, platform)
		for name, mode := range map[string]int64{
			"bedrock-extproc": 0o755, "LICENSE": 0o644, "README.md": 0o644, "CHANGELOG.md": 0o644, "bedrock-extproc.1": 0o644,
			"completions/bedrock-extproc.bash": 0o644, "completions/_bedrock-extproc": 0o644, "completions/bedrock-extproc.fish": 0o644,
			"docs/configuration.md": 0o644, "examples/envoy/envoy.yaml": 0o644,
		} {
			if f := files["bedrock-extproc_dev_"+platform+"/"+name]; f.mode != mode || len(f.content) == 0 {
				t.Errorf("%s: %s has mode %o and %d bytes", platform, name, f.mode, len(f.content))
			}
		}
		for name := range files {
			if !strings.HasPrefix(name, "bedrock-extproc_dev_"+platform+"/") {
				t.Errorf("%s: %s", platform, name)
			}
		}
		if got := builtFor(files["bedrock-extproc_dev_"+platform+"/bedrock-extproc"].content); got != platform {
			t.Errorf("%s: the program is for %s", platform, got)
		}
	}
}

// The links of the README lead to files of the archive, but for the Go package.
func TestLinks(t *testing.T) {
	folder := "bedrock-extproc_dev_" + ownPlatform() + "/"
	files := archived(t, ownPlatform())
	links := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(string(files[folder+"README.md"].content), -1)
	if len(links) < 10 {
		t.Fatalf("links %q", links)
	}
	for _, link := range links {
		to := folder + link[1]
		_, isFile := files[to]
		isFolder := slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(name string) bool { return strings.HasPrefix(name, to+"/") })
		if link[1] != "envoy" && !isFile && !isFolder {
			t.Errorf("README.md links to %s, which is not in the archive", link[1])
		}
	}
}

// The chart is that of the source, with the release's version.
func TestChart(t *testing.T) {
	files := untarGz(t, "bedrock-extproc-0.0.0-dev.tgz")
	source, err := readFiles("../charts", "bedrock-extproc")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(source) {
		t.Errorf("%d files, and %d in the source", len(files), len(source))
	}
	for _, f := range source {
		if f.name != "bedrock-extproc/Chart.yaml" && !bytes.Equal(files[f.name].content, f.content) {
			t.Errorf("%s is not that of the source", f.name)
		}
	}
	r := release{version: "1.2.3"}
	got, err := r.versioned(files["bedrock-extproc/Chart.yaml"].content)
	if err != nil || !strings.Contains(string(got), "\nversion: 1.2.3\nappVersion: \"1.2.3\"\n") || strings.Contains(string(got), "dev") {
		t.Errorf("%v, Chart.yaml:\n%s", err, got)
	}
	if _, err := r.versioned([]byte("name: a\nversion: 1\n")); err == nil {
		t.Error("a chart without appVersion was accepted")
	}
}

// builtFor reads the platform of a program from its header.
func builtFor(program []byte) string {
	reader := strings.NewReader(string(program))
	if f, err := elf.NewFile(reader); err == nil {
		return map[elf.Machine]string{elf.EM_X86_64: "linux_amd64", elf.EM_AARCH64: "linux_arm64"}[f.Machine]
	}
	if f, err := macho.NewFile(reader); err == nil {
		return map[macho.Cpu]string{macho.CpuAmd64: "darwin_amd64", macho.CpuArm64: "darwin_arm64"}[f.Cpu]
	}
	return "unknown"
}

// A list of modules has what "go version -m" prints of the program.
func TestModules(t *testing.T) {
	for _, platform := range platforms {
		program := filepath.Join(t.TempDir(), platform)
		if err := os.WriteFile(program, archived(t, platform)["bedrock-extproc_dev_"+platform+"/bedrock-extproc"].content, 0o755); err != nil {
			t.Fatal(err)
		}
		printed, err := exec.Command("go", "version", "-m", program).Output()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(made, "bedrock-extproc_dev_"+platform+".cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			BOMFormat  string
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(text, &list); err != nil || list.BOMFormat != "CycloneDX" {
			t.Fatalf("%s: %q, %v", platform, list.BOMFormat, err)
		}
		var got, want []string
		for _, c := range list.Components {
			got = append(got, c.Name+" "+c.Version)
		}
		for line := range strings.Lines(string(printed)) {
			if fields := strings.Fields(line); fields[0] == "dep" {
				want = append(want, fields[1]+" "+fields[2])
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if len(want) < 20 || !slices.Equal(got, want) {
			t.Errorf("%s: modules %q, want %q", platform, got, want)
		}
	}
}

// Another release of this machine's platform has the same bytes. "make reproducible" also
// compiles twice, with empty caches.
func TestRepeats(t *testing.T) {
	before, err := os.ReadFile(filepath.Join(made, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	again := t.TempDir()
	if out, err := makeRelease(again, "PLATFORMS="+ownPlatform()); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	after, err := os.ReadFile(filepath.Join(again, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for line := range strings.Lines(string(after)) {
		if strings.Contains(line, "_image.tar") {
			continue // it has fewer platforms
		}
		same++
		if !strings.Contains(string(before), line) {
			t.Errorf("%s is not in\n%s", line, before)
		}
	}
	if same != 3 {
		t.Errorf("files\n%s", after)
	}
}

// A version has no v, and belongs to a tree without changes.
func TestRefusals(t *testing.T) {
	if err := run([]string{"-version", "v0.1.0", "linux_amd64"}); err == nil || !strings.Contains(err.Error(), "leave out the v") {
		t.Errorf("v0.1.0: %v", err)
	}
	if err := run(nil); err == nil || !strings.Contains(err.Error(), "no platforms") {
		t.Errorf("no platforms: %v", err)
	}
	stray := "../stray-file-of-a-test"
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(stray) })
	if out, err := makeRelease(t.TempDir(), "VERSION=0.1.0"); err == nil || !strings.Contains(string(out), "commit or remove what") {
		t.Errorf("changed tree: %v\n%s", err, out)
	}
}

// ownPlatform is this machine's.
func ownPlatform() string { return runtime.GOOS + "_" + runtime.GOARCH }
