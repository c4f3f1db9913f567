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
	notify                *fsnotify.Watcher // nil when there is none to be had

	reported content   // what the owner knows
	seen     content   // what was read last
	since    time.Time // when that was first read
}

// content is the sum of a file's bytes. Its zero value is a file that is gone,
// empty or cannot be read.
type content [sha256.Size]byte

// NewWatcher begins to watch: Run tells of every change from now on. A Watcher that
// comes with an error hears of nothing, as where the system has no watches left, and
// looks at the file every few seconds instead.
func NewWatcher(path string) (*Watcher, error) {
	path, err := filepath.Abs(path)
	w := &Watcher{path: path, settle: settle, absence: absence, look: look}
	if err == nil {
		w.notify, err = newNotify(filepath.Dir(path))
	}
	w.follow()
	w.reported = w.read()
	w.seen = w.reported
	if err != nil {
		return w, fmt.Errorf("watching the configuration: %w", err)
	}
	return w, nil
}

// newNotify watches a directory, as a watch of a file would end with that file.
func newNotify(directory string) (*fsnotify.Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := notify.Add(directory); err != nil {
		return nil, errors.Join(err, notify.Close())
	}
	return notify, nil
}

// Run calls onChange after each change, one call at a time, until ctx ends. It is
// to be called once, also to end the watching.
func (w *Watcher) Run(ctx context.Context, onChange func()) error {
	var events <-chan fsnotify.Event
	var lost <-chan error
	if w.notify != nil {
		events, lost = w.notify.Events, w.notify.Errors
	}
	next := time.Now().Add(w.look)
	timer := time.NewTimer(w.look)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return w.close()
		case <-events:
		case <-lost: //nolint:errcheck // whatever it was, the file is read again
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
	if w.notify == nil {
		return
	}
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

func (w *Watcher) close() error {
	if w.notify == nil {
		return nil
	}
	return w.notify.Close()
}

func (w *Watcher) read() content {
	text, err := os.ReadFile(w.path)
	if err != nil || len(text) == 0 {
		return content{}
	}
	return sha256.Sum256(text)
}
