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
	// settle is how long a changed file must stay the same before it is reported.
	settle = 100 * time.Millisecond
	// absence is how long a file must be missing or empty before that is reported: a
	// file that is being replaced is missing for a moment.
	absence = 2 * time.Second
	// look is how often the file is read without an event: network file systems send
	// none, and the watch of a directory ends when the directory is removed.
	look = 10 * time.Second
)

// A Watcher reports changes of a file's content: the file is written in place,
// replaced by another one, or reached through a symbolic link that changes, as in a
// Kubernetes ConfigMap.
type Watcher struct {
	path                  string
	settle, absence, look time.Duration
	notify                *fsnotify.Watcher // nil if the system has none

	reported content   // the content that the owner knows
	seen     content   // the content that was read last
	since    time.Time // when that was first read
}

// content is a hash of a file. Its zero value is a file that is missing, empty or
// unreadable.
type content [sha256.Size]byte

// NewWatcher begins to watch: Run reports every change from now on. A Watcher that
// comes with an error still works: it gets no events, for instance because the
// system has no watches left, and reads the file every few seconds instead.
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

// newNotify watches a directory: the watch of a file ends when the file is replaced.
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

// Run calls onChange after each change, one call at a time, until ctx ends; then it
// stops watching. It must be called exactly once.
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
		case <-lost: //nolint:errcheck // after any error the file is read again
		case <-timer.C:
			wait, changed := w.check()
			next = time.Now().Add(wait)
			timer.Reset(wait)
			if changed {
				onChange()
			}
			continue
		}
		// An event never postpones the check: other files in the directory may change all
		// the time.
		if soon := time.Now().Add(w.settle); soon.Before(next) {
			next = soon
			timer.Reset(w.settle)
		}
	}
}

// check reads the file. It returns how long to wait before the next check, and
// whether there is a change to report.
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

// follow watches the path's directory and the one that its links lead to now. A
// directory that cannot be watched is left to the regular checks.
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
