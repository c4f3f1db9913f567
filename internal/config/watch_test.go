package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// watched is a file under watch. seen gets its text at each report, "" if it cannot
// be read.
type watched struct {
	t    *testing.T
	seen chan string
}

// watch starts a watcher that reports a changed file at once, and a missing one in an
// hour, unless change sets absence.
func watch(t *testing.T, path string, change func(*Watcher)) *watched {
	t.Helper()
	w, err := NewWatcher(path)
	must(t, err)
	return run(t, w, change)
}

func run(t *testing.T, w *Watcher, change func(*Watcher)) *watched {
	t.Helper()
	w.settle, w.absence, w.look = 5*time.Millisecond, time.Hour, time.Hour
	if change != nil {
		change(w)
	}
	s := &watched{t: t, seen: make(chan string, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- w.Run(ctx, func() {
			text, _ := os.ReadFile(w.path)
			s.seen <- string(text)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the watcher ended with %v", err)
		}
		if len(s.seen) > 0 {
			t.Errorf("%d reports more, of %q", len(s.seen), <-s.seen)
		}
	})
	return s
}

// reports waits for one report and checks the text of the file.
func (s *watched) reports(want string) {
	s.t.Helper()
	select {
	case got := <-s.seen:
		if got != want {
			s.t.Fatalf("reported with %q in the file, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		s.t.Fatalf("no report of %q", want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

// swap replaces a symbolic link in one step.
func swap(t *testing.T, target, link string) {
	t.Helper()
	must(t, os.Symlink(target, link+".new"))
	must(t, os.Rename(link+".new", link))
}

func TestWatchWritesAndReplacements(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "one")
	s := watch(t, path, nil)

	write(t, path, "two") // truncates, then writes
	s.reports("two")

	write(t, filepath.Join(dir, ".config.swp"), "three") // as editors do
	must(t, os.Rename(filepath.Join(dir, ".config.swp"), path))
	s.reports("three")

	write(t, path, "four") // the new file is watched
	s.reports("four")

	must(t, os.Remove(path))
	write(t, path, "five")
	s.reports("five")
}

// TestWatchSameContent reports nothing when a file is written with the same content,
// nor when another file of the directory changes.
func TestWatchSameContent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "one")
	s := watch(t, path, nil)
	write(t, path, "one")
	must(t, os.Rename(path, path+"~"))
	write(t, path, "one")
	write(t, filepath.Join(dir, "other.yaml"), "two")
	write(t, path, "two")
	s.reports("two")
}

// TestWatchEmptied waits for the content of a truncated file.
func TestWatchEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	w, err := NewWatcher(path)
	must(t, err)
	defer w.notify.Close()
	w.settle = 0
	write(t, path, "")
	for range 3 {
		if wait, changed := w.check(); changed || wait <= 0 {
			t.Fatalf("an emptied file: changed %v, wait %v", changed, wait)
		}
	}
	write(t, path, "two")
	if _, changed := w.check(); !changed {
		t.Error("the new content is not reported")
	}
}

// TestWatchGone reports a file that is missing for long, and its return.
func TestWatchGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	s := watch(t, path, func(w *Watcher) { w.absence = 20 * time.Millisecond })
	must(t, os.Remove(path))
	s.reports("")
	write(t, path, "one")
	s.reports("one")
}

// TestWatchConfigMap swaps the links that kubelet swaps: config.yaml leads to
// ..data/config.yaml, and ..data to a directory named after a time. The old directory
// is removed.
func TestWatchConfigMap(t *testing.T) {
	dir := t.TempDir()
	version := func(name, text string) {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "config.yaml"), text)
		swap(t, name, filepath.Join(dir, "..data"))
	}
	version("..2026_01", "one")
	path := filepath.Join(dir, "config.yaml")
	must(t, os.Symlink("..data/config.yaml", path))
	s := watch(t, path, nil)
	version("..2026_02", "two")
	must(t, os.RemoveAll(filepath.Join(dir, "..2026_01")))
	s.reports("two")
	version("..2026_03", "three")
	must(t, os.RemoveAll(filepath.Join(dir, "..2026_02")))
	s.reports("three")
}

// TestWatchTargetElsewhere changes a file behind a link, and then the link.
func TestWatchTargetElsewhere(t *testing.T) {
	near, far, farther := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(far, "a.yaml"), "one")
	path := filepath.Join(near, "config.yaml")
	must(t, os.Symlink(filepath.Join(far, "a.yaml"), path))
	s := watch(t, path, nil)

	write(t, filepath.Join(far, "a.yaml"), "two")
	s.reports("two")

	write(t, filepath.Join(farther, "a.yaml"), "three")
	swap(t, filepath.Join(farther, "a.yaml"), path)
	s.reports("three")

	write(t, filepath.Join(farther, "a.yaml"), "four")
	s.reports("four")
}

// TestWatchDirectoryComesBack removes the whole directory, which ends its watch.
func TestWatchDirectoryComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	must(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "one")
	s := watch(t, path, func(w *Watcher) { w.look = 20 * time.Millisecond })
	must(t, os.RemoveAll(dir))
	must(t, os.Mkdir(dir, 0o700))
	write(t, path, "two")
	s.reports("two")
}

// TestWatchFromTheBeginning reports a change between NewWatcher and Run.
func TestWatchFromTheBeginning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "one")
	s := watch(t, path, func(*Watcher) { write(t, path, "two") })
	s.reports("two")
}

// TestWatchByLooking has no directory to watch at first.
func TestWatchByLooking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "config.yaml")
	w, err := NewWatcher(path)
	if err == nil {
		t.Fatal("watches a directory that is not there")
	}
	s := run(t, w, func(w *Watcher) { w.look = 5 * time.Millisecond })
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	write(t, path, "one")
	s.reports("one")
}
