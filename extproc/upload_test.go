package extproc_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/extproc"
)

// An upload must keep coming, and end in time.
func TestSlowUploads(t *testing.T) {
	for name, c := range map[string]struct {
		part    int // bytes each second
		parts   int // in all
		status  int
		after   time.Duration
		message string
	}{
		"silence":             {0, 0, 408, 30 * time.Second, "fewer than 65536 bytes of it arrived in 30s"},
		"a drip":              {1, 1000, 408, 30 * time.Second, "fewer than 65536 bytes of it arrived in 30s"},
		"a drip after a rush": {100 << 10, 20, 408, time.Minute, "fewer than 65536 bytes of it arrived in 30s"},
		"slow but moving":     {3 << 10, 200, 200, 200 * time.Second, ""},
		"without end":         {3 << 10, 1000, 408, extproc.DefaultUploadTimeout, "it was not complete after 5m0s"},
	} {
		for _, path := range []string{"/whole", "/nowhere"} {
			t.Run(name+path, func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					began := time.Now()
					u := s.envoy.open(s.t, false, requestHeaders("POST", path, "content-length", "33554432")...)
					answered := make(chan struct{})
					go func() {
						defer close(answered)
						a := u.answer()
						want := c.status
						if want == 200 && path == "/nowhere" {
							want = 404
						}
						if took := time.Since(began); a.status != want || took != c.after {
							s.t.Errorf("status %d after %v, want %d after %v", a.status, took, want, c.after)
						}
						if c.status == 408 && (a.details != "bedrock_extproc_upload_timeout" || !strings.Contains(decodeError(s.t, a.body()).Message, c.message)) {
							s.t.Errorf("answer %+v", a)
						}
					}()
					send(u, c.part, c.parts, c.status == 200, answered)
					<-answered
				})
			})
		}
	}
}

// send sends a part each second until the call is answered.
func send(u *call, part, parts int, end bool, answered <-chan struct{}) {
	for i := range parts {
		select {
		case <-time.After(time.Second):
			u.body(strings.Repeat("x", part), end && i == parts-1)
		case <-answered:
			return
		}
	}
}

// Stop ends uploads, too: a client that sends nothing more does not delay the end.
func TestStopEndsUploads(t *testing.T) {
	for _, mode := range modesWithBody {
		t.Run(mode.String(), func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = mode
				c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
				synctest.Wait()
				s.Stop()
				began := time.Now()
				a := c.answer()
				s.checkDraining(&a)
				if took := time.Since(began); took != 0 {
					s.t.Errorf("it took %v", took)
				}
			})
		})
	}
}
