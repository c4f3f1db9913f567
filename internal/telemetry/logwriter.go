package telemetry

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/internal/metrics"
)

const (
	// maxWaiting limits the lines that wait for the output, in bytes. A write that hangs
	// holds up to as many more.
	maxWaiting = 1 << 20
	// flushTimeout limits Sync and Close.
	flushTimeout = time.Second
)

// A LogWriter is a zapcore.WriteSyncer that neither waits for its output nor fails. One
// goroutine writes the lines, in order. Lines that do not fit into maxWaiting, and
// lines that the output rejects, are dropped and counted. Once the output works again,
// a line in their place gives their number. It is safe for concurrent use.
type LogWriter struct {
	out  io.Writer     // used by the goroutine only
	cut  bool          // out ends in the middle of a line; likewise
	wake chan struct{} // holds a token while there is something to do; closed by Close

	mu      sync.Mutex
	lost    int    // lines dropped before waiting, and not yet reported
	waiting []byte // whole lines
	excess  int    // lines dropped after waiting
	spare   []byte // the buffer of the last write
	flushes []chan struct{}
	dropped int // lines dropped in all
	closed  bool
}

// NewLogWriter starts the goroutine. It ends with Close, or later, when a write that
// hangs returns.
func NewLogWriter(out io.Writer) *LogWriter {
	w := &LogWriter{out: out, wake: make(chan struct{}, 1)}
	go func() {
		for range w.wake {
			for w.writeWaiting() {
			}
		}
	}()
	return w
}

// Logger returns a logger of JSON lines from a level upwards, such as a zap.AtomicLevel
// that changes. Its own errors go to w, too.
func (w *LogWriter) Logger(level zapcore.LevelEnabler) *zap.Logger {
	return zap.New(zapcore.NewCore(newEncoder(), w, level), zap.ErrorOutput(w))
}

func newEncoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.EncodeDuration = encodeDuration
	return zapcore.NewJSONEncoder(cfg)
}

// encodeDuration writes a duration in milliseconds, with microseconds as decimals.
func encodeDuration(d time.Duration, enc zapcore.PrimitiveArrayEncoder) {
	enc.AppendFloat64(float64(d.Microseconds()) / 1000)
}

// Register registers the counter of dropped lines with reg.
func (w *LogWriter) Register(reg prometheus.Registerer) error {
	return reg.Register(metrics.LogLinesDropped.CounterFunc(func() float64 { return float64(w.Dropped()) }))
}

// Write takes a copy of p, which is whole lines. It returns len(p) and no error.
func (w *LogWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.waiting)+len(p) > maxWaiting {
		w.excess += w.drop(p)
	} else {
		w.waiting = append(w.waiting, p...)
	}
	w.signal()
	return len(p), nil
}

// Sync waits until all lines are written or dropped, for at most flushTimeout. It
// returns no error.
func (w *LogWriter) Sync() error {
	done := make(chan struct{})
	w.mu.Lock()
	w.flushes = append(w.flushes, done)
	w.signal()
	w.mu.Unlock()
	select {
	case <-done:
	case <-time.After(flushTimeout):
	}
	return nil
}

// Close is Sync, and ends the goroutine. It is called once, after the last Sync. Later
// lines are dropped.
func (w *LogWriter) Close() {
	_ = w.Sync() // never fails
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	close(w.wake)
}

// Dropped is the number of lines that were dropped.
func (w *LogWriter) Dropped() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// drop counts lines as dropped. The caller holds the lock.
func (w *LogWriter) drop(lines []byte) int {
	n := bytes.Count(lines, []byte{'\n'})
	w.dropped += n
	return n
}

// signal wakes the goroutine. The caller holds the lock.
func (w *LogWriter) signal() {
	if w.closed {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// writeWaiting writes what waits. It reports whether there may be more to write. After
// an error, the next line tries again.
func (w *LogWriter) writeWaiting() (more bool) {
	lost, lines := w.take()
	if lost+len(lines) == 0 {
		return false
	}
	rest, err := lines, error(nil)
	if lost > 0 {
		_, err = w.write(w.report(lost))
	}
	if err == nil {
		lost = 0
		rest, err = w.write(lines)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if lines != nil {
		w.spare = lines
	}
	if err != nil {
		w.lost += lost + w.drop(rest)
		w.endFlushes()
	}
	return err == nil
}

// take returns the number of lines to report, and the lines to write after the report.
func (w *LogWriter) take() (lost int, lines []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost, w.lost, w.excess = w.lost, w.excess, 0
	if len(w.waiting) == 0 {
		lost, w.lost = lost+w.lost, 0
		if lost == 0 {
			w.endFlushes()
		}
		return lost, nil
	}
	lines, w.waiting, w.spare = w.waiting, w.spare[:0], nil
	return lost, lines
}

// endFlushes ends all calls of Sync. The caller holds the lock.
func (w *LogWriter) endFlushes() {
	for _, done := range w.flushes {
		close(done)
	}
	w.flushes = nil
}

// write returns what the output did not take.
func (w *LogWriter) write(p []byte) (rest []byte, err error) {
	if len(p) == 0 {
		return nil, nil
	}
	n, err := w.out.Write(p)
	if n > 0 {
		w.cut = p[n-1] != '\n'
	}
	return p[n:], err
}

// report is the line in the place of lost lines.
func (w *LogWriter) report(lost int) []byte {
	line, err := newEncoder().EncodeEntry(
		zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), Message: "log lines dropped: their reader was gone or too slow"},
		[]zapcore.Field{zap.Int("lines", lost)})
	if err != nil {
		return nil // an entry of one number can be encoded
	}
	if w.cut {
		return append([]byte{'\n'}, line.Bytes()...)
	}
	return line.Bytes()
}
