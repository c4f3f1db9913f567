package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long a file must stay the same before it is called changed.
	settle = 100 * time.Millisecond
	// absence is how long a file may be gone or empty, which it also is in the
	// middle of being replaced.
	absence = 2 * time.Second
	// look is how often the file is read without having heard anything: file systems
	// of other machines tell nothing, and a directory that comes back is not watched.
	look = 10 * time.Second
)

// A Watcher tells when the content of a file has changed, however it came to:
// written in place, replaced by another file, or behind a symbolic link that now
// leads elsewhere, as Kubernetes does with a ConfigMap.
type Watcher struct {
	path                  string
	settle, absence, look time.Duration
	notify                *fsnotify.Watcher

	reported content   // what the owner knows
	seen     content   // what was read last
	since    time.Time // when that was first read
}

// content is the sum of a file's bytes. Its zero value is a file that is gone,
// empty or cannot be read.
type content [sha256.Size]byte

// NewWatcher begins to watch: Run tells of every change from now on. The path need
// not exist, its directory must.
func NewWatcher(path string) (*Watcher, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("watching the configuration: %w", err)
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching the configuration: %w", err)
	}
	// The directory, as a watch of the file ends with the file.
	if err := notify.Add(filepath.Dir(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("watching the configuration: %w", err), notify.Close())
	}
	w := &Watcher{path: path, settle: settle, absence: absence, look: look, notify: notify}
	w.follow()
	w.reported = w.read()
	w.seen = w.reported
	return w, nil
}

// Run calls onChange after each change, one call at a time, until ctx ends. It is
// to be called once, also to end the watching.
func (w *Watcher) Run(ctx context.Context, onChange func()) error {
	next := time.Now().Add(w.look)
	timer := time.NewTimer(w.look)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return w.notify.Close()
		case <-w.notify.Events:
		case <-w.notify.Errors: //nolint:errcheck // whatever was lost, the file is read again
		case <-timer.C:
			wait, changed := w.check()
			next = time.Now().Add(wait)
			timer.Reset(wait)
			if changed {
				onChange()
			}
			continue
		}
		// Not later than already planned: other files in the directory may never rest.
		if soon := time.Now().Add(w.settle); soon.Before(next) {
			next = soon
			timer.Reset(w.settle)
		}
	}
}

// check reads the file. It returns when to do so again, and whether there is a
// change to report.
func (w *Watcher) check() (wait time.Duration, changed bool) {
	w.follow()
	if now := w.read(); now != w.seen {
		w.seen, w.since = now, time.Now()
	}
	if w.seen == w.reported {
		return w.look, false
	}
	patience := w.settle
	if w.seen == (content{}) {
		patience = w.absence
	}
	if wait := patience - time.Since(w.since); wait > 0 {
		return min(wait, w.look), false
	}
	w.reported = w.seen
	return w.look, true
}

// follow watches the path's directory and the one that its links lead to now. What
// cannot be watched is still looked at.
func (w *Watcher) follow() {
	directories := []string{filepath.Dir(w.path)}
	if target, err := filepath.EvalSymlinks(w.path); err == nil {
		directories = append(directories, filepath.Dir(target))
	}
	for _, d := range w.notify.WatchList() {
		if !slices.Contains(directories, d) {
			_ = w.notify.Remove(d) // it may be gone
		}
	}
	for _, d := range directories {
		_ = w.notify.Add(d)
	}
}

func (w *Watcher) read() content {
	text, err := os.ReadFile(w.path)
	if err != nil || len(text) == 0 {
		return content{}
	}
	return sha256.Sum256(text)
}
