package bedrock

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// Each limit ends the call at its time, with an error that names it.
func TestLimits(t *testing.T) {
	bedrocktest.Isolate(t)
	limits := Limits{FirstEvent: 20 * time.Second, Reply: 30 * time.Second, Silence: 40 * time.Second, Call: time.Hour}
	short := limits
	short.Call = 50 * time.Second
	slow := func(w http.ResponseWriter, r *http.Request) {
		bedrocktest.SendStream(w, bedrocktest.Answer("hi")[0])
		for {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(31 * time.Second):
				bedrocktest.SendMore(w, bedrocktest.Answer("hi")[1])
			}
		}
	}
	tests := map[string]struct {
		limits Limits
		whole  bool
		answer func(w http.ResponseWriter, r *http.Request)
		after  time.Duration
		events int
		says   string
	}{
		"no status":       {limits, false, func(http.ResponseWriter, *http.Request) {}, 20 * time.Second, 0, "the first event of the stream did not come within the sidecar's limit of 20s"},
		"no event":        {limits, false, func(w http.ResponseWriter, _ *http.Request) { bedrocktest.SendStream(w, nil) }, 20 * time.Second, 0, "the first event of the stream"},
		"half an event":   {limits, false, func(w http.ResponseWriter, _ *http.Request) { bedrocktest.SendStream(w, bedrocktest.Promise(100)) }, 20 * time.Second, 0, "the first event of the stream"},
		"no second event": {limits, false, func(w http.ResponseWriter, _ *http.Request) { bedrocktest.SendStream(w, bedrocktest.Answer("hi")[0]) }, 40 * time.Second, 1, "the next event of the stream did not come within the sidecar's limit of 40s"},
		"part of a second event": {limits, false, func(w http.ResponseWriter, _ *http.Request) {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[0], bedrocktest.Promise(100))
		}, 40 * time.Second, 1, "the next event of the stream"},
		"no reply":             {limits, true, func(http.ResponseWriter, *http.Request) {}, 30 * time.Second, 0, "the whole answer did not come within the sidecar's limit of 30s"},
		"half a reply":         {limits, true, func(w http.ResponseWriter, _ *http.Request) { bedrocktest.SendStream(w, []byte("{")) }, 30 * time.Second, 0, "the whole answer"},
		"a stream without end": {short, false, slow, 50 * time.Second, 2, "the end of the call did not come within the sidecar's limit of 50s"},
		"a call without reply": {Limits{Reply: -1, Call: time.Minute}, true, func(http.ResponseWriter, *http.Request) {}, time.Minute, 0, "the end of the call"},
		"defaults: reply":      {Limits{}, true, func(http.ResponseWriter, *http.Request) {}, 30 * time.Minute, 0, "limit of 30m0s"},
		"defaults: event":      {Limits{}, false, func(http.ResponseWriter, *http.Request) {}, 5 * time.Minute, 0, "limit of 5m0s"},
		"defaults: silence":    {Limits{}, false, func(w http.ResponseWriter, _ *http.Request) { bedrocktest.SendStream(w, bedrocktest.Answer("hi")[0]) }, 5 * time.Minute, 1, "limit of 5m0s"},
		"defaults: call":       {Limits{}, false, slow, time.Hour, 117, "limit of 1h0m0s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, p, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, r *http.Request) {
					tt.answer(w, r)
					<-r.Context().Done()
				})
				defer stop()
				b := newTestBackend(t, Config{RoundTripper: transport, Limits: tt.limits}, "http://bedrock.test")
				began := time.Now()
				var events []seen
				var err error
				if tt.whole {
					_, _, err = b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
				} else {
					events, _, err = collect(t.Context(), b, call("m", `{}`), translator.Caller{})
				}
				e := asError(t, err)
				if took := time.Since(began); took != tt.after || len(events) != tt.events {
					t.Errorf("%v of synthetic time, %d events", took, len(events))
				}
				if diff := cmp.Diff(failure{500, translator.KindTimeout, false, 0, ""}, outline(e)); diff != "" {
					t.Error(diff)
				}
				if !strings.Contains(e.Message, tt.says) || e.Facts.Attempts != 1 {
					t.Errorf("message %q after %d attempts, want %q after 1", e.Message, e.Facts.Attempts, tt.says)
				}
				synctest.Wait()
				if n := p.Open.Load(); n != 0 {
					t.Errorf("%d connections left", n)
				}
			})
		})
	}
}

// A slow client does not count as Bedrock's silence, and silence after messageStop
// costs no more than the token counts.
func TestSilenceThatIsNone(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		transport, _, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, r *http.Request) {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:4]...)
			<-r.Context().Done()
		})
		defer stop()
		b := newTestBackend(t, Config{RoundTripper: transport, Limits: Limits{Silence: time.Second}}, "http://bedrock.test")
		events, _, err := b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range events {
			if err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute) // of synthetic time
			n++
		}
		if n != 4 {
			t.Errorf("%d events", n)
		}
	})
}

// Without limits a call may take days.
func TestLiftedLimits(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		transport, _, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(25 * time.Hour)
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:1]...)
			time.Sleep(25 * time.Hour)
			bedrocktest.SendMore(w, bedrocktest.Answer("hi")[1:]...)
		})
		defer stop()
		b := newTestBackend(t, Config{RoundTripper: transport, Limits: Limits{-1, -1, -1, -1}}, "http://bedrock.test")
		if events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{}); err != nil || len(events) != 5 {
			t.Errorf("got %d events, %v, want 5", len(events), err)
		}
	})
}

// The limits on connecting have an error of their own.
func TestConnectLimits(t *testing.T) {
	bedrocktest.Isolate(t)
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, c := range map[string]struct {
		transport Transport
		step      string
	}{
		"TCP": {Transport{DialTimeout: 1}, "connecting"},
		"TLS": {Transport{TLSHandshakeTimeout: time.Millisecond}, "the TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestBackend(t, Config{Transport: c.transport}, "https://"+silent.Addr().String())
			_, _, err := b.Converse(t.Context(), call("m", `{}`), caller)
			e := asError(t, err)
			if diff := cmp.Diff(failure{503, translator.KindConnection, true, time.Second, ""}, outline(e)); diff != "" {
				t.Error(diff)
			}
			if want := "could not connect to Bedrock in region us-west-2: " + c.step + " took longer than the sidecar's limit."; !strings.Contains(e.Message, want) || e.Class != "timeout" {
				t.Errorf("message %q, class %q, want %q and timeout", e.Message, e.Class, want)
			}
		})
	}
}

// A backend's own limits override those of all backends.
func TestLimitsOfABackend(t *testing.T) {
	got := Limits{Silence: 1, Call: -1}.or(Limits{Silence: 2, FirstEvent: 3}).withDefaults()
	if want := (Limits{FirstEvent: 3, Reply: 30 * time.Minute, Silence: 1, Call: -1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
