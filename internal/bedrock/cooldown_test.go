package bedrock

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

var errThrottled = &translator.Error{Kind: translator.KindThrottled}

// Cool-downs grow to their bound; after each, one call at a time is admitted.
func TestCoolDownsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logged := observer.New(zap.WarnLevel)
		c := newCoolDowns(CoolDown{})
		p := coolDownKey{backend: "a", model: "m"}
		if h := c.admit(p, time.Now()); h != available {
			t.Fatalf("at first %d", h)
		}
		for i, want := range []int{1, 2, 4, 8, 16, 30, 30} {
			for range 64 { // concurrent failures count once
				c.recordFailure(p, errThrottled, 0, zap.New(core))
			}
			time.Sleep(time.Duration(want)*time.Second - time.Nanosecond)
			if h := c.admit(p, time.Now()); h != coolingDown {
				t.Errorf("pause %d ends before %d s", i, want)
			}
			time.Sleep(time.Nanosecond)
			if h := c.admit(p, time.Now()); h != probing {
				t.Errorf("pause %d is longer than %d s", i, want)
			}
			if h := c.admit(p, time.Now()); h != coolingDown {
				t.Errorf("two calls find out about pause %d", i)
			}
		}
		if n := logged.Len(); n != 7 {
			t.Errorf("%d lines logged for 7 pauses", n)
		}
		// The call that probes the backend never ended, so the next one may probe it.
		time.Sleep(30 * time.Second)
		if h := c.admit(p, time.Now()); h != probing {
			t.Errorf("nobody else may find out: %d", h)
		}
		c.recordSuccess(p)
		if h := c.admit(p, time.Now()); h != available {
			t.Errorf("after a success %d", h)
		}
	})
}

func TestAdvisedCoolDownIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoolDowns(CoolDown{First: time.Second, Max: 20 * time.Second})
		for advised, want := range map[time.Duration]time.Duration{0: time.Second, 7 * time.Second: 7 * time.Second, time.Hour: 20 * time.Second} {
			p := coolDownKey{model: advised.String()}
			c.recordFailure(p, errThrottled, advised, zap.NewNop())
			if got := time.Until(c.entries[p].until); got != want {
				t.Errorf("advised %v: %v", advised, got)
			}
		}
	})
}

func TestResting(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "a"}, {Name: "b"}}})
		if err != nil {
			t.Fatal(err)
		}
		c := bs.list[0].coolDowns
		c.recordFailure(coolDownKey{backend: "a", model: "m"}, errThrottled, time.Second, zap.NewNop())
		c.recordFailure(coolDownKey{backend: "a", model: "n"}, errThrottled, 9*time.Second, zap.NewNop())
		for _, want := range []int{2, 1, 0} {
			if diff := cmp.Diff(map[string]int{"a": want, "b": 0}, bs.Resting()); diff != "" {
				t.Error(diff)
			}
			time.Sleep(5 * time.Second)
		}
	})
}

// Clients choose model names, and must not fill the memory with them.
func TestCoolDownsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoolDowns(CoolDown{})
		for i := range 2 * maxCoolDowns {
			c.recordFailure(coolDownKey{model: fmt.Sprint(i)}, errThrottled, 0, zap.NewNop())
			time.Sleep(time.Microsecond)
		}
		if n := len(c.entries); n != maxCoolDowns {
			t.Errorf("%d entries", n)
		}
		if c.admit(coolDownKey{model: fmt.Sprint(2*maxCoolDowns - 1)}, time.Now()) != coolingDown || c.admit(coolDownKey{model: "0"}, time.Now()) != available {
			t.Error("not the oldest were forgotten")
		}
	})
}

// A cool-down of one identity and model does not affect other identities and models.
func TestPausesAreOfOneIdentityAndModel(t *testing.T) {
	bedrocktest.Isolate(t)
	other := translator.Caller{AccessKeyID: "AKIDOTHER", SecretAccessKey: "other-secret"}
	synctest.Test(t, func(t *testing.T) {
		a, b, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			id, _, _, err := signedFor(r)
			if err != nil {
				t.Error(err)
			}
			if r.Host == "a.test" && id == "AKIDCALLER" && r.URL.Path == "/model/m/converse" {
				bedrocktest.Refuse(w, 429, "ThrottlingException")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		for i, tt := range []struct {
			at     *Backend
			caller translator.Caller
			model  string
			want   string
		}{
			{a, caller, "m", "b 4"},
			{a, caller, "m", "b 1"},
			{a, caller, "other", "a 1"},
			{a, other, "m", "a 1"},
			{a, translator.Caller{}, "m", "a 1"},
			{b, caller, "m", "b 1"},
		} {
			_, facts, err := tt.at.Converse(t.Context(), call(tt.model, `{}`), tt.caller)
			if got := fmt.Sprint(facts.Backend, " ", facts.Attempts); err != nil || got != tt.want {
				t.Errorf("call %d: %s, want %s, %v", i, got, tt.want, err)
			}
		}
	})
}

// A backend is tried despite its cool-down if it has no fallback, or if its fallbacks
// fail too.
func TestNobodyIsLeftWithoutABackend(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		down := true
		a, b, stop := pairOverPipes(t, Config{Retry: Retry{BaseDelay: -1}}, func(w http.ResponseWriter, r *http.Request) {
			if down {
				bedrocktest.Refuse(w, 503, "ServiceUnavailableException")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		for _, want := range []int{6, 2, 2} { // then one attempt each
			if _, facts, err := a.Converse(t.Context(), call("m", `{}`), caller); err == nil || facts.Attempts != want || facts.Backend != "a" {
				t.Errorf("got %+v, %v, want an error of a after %d attempts", facts, err, want)
			}
		}
		for range 2 {
			if _, facts, err := b.Converse(t.Context(), call("m", `{}`), caller); err == nil || facts.Attempts != 3 {
				t.Errorf("got %+v, %v, want an error after 3 attempts", facts, err)
			}
		}
		down = false
		if _, facts, err := a.Converse(t.Context(), call("m", `{}`), caller); err != nil || facts.Backend != "a" || facts.Attempts != 1 {
			t.Errorf("got %+v, %v, want an answer of a after 1 attempt", facts, err)
		}
	})
}

// A model's own error sends this call to the fallback, but begins no cool-down.
func TestModelErrorsMakeNoPause(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		a, _, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "a.test" {
				bedrocktest.Refuse(w, 424, "ModelErrorException")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		for range 2 {
			if _, facts, err := a.Converse(t.Context(), call("m", `{}`), caller); err != nil || facts.Attempts != 2 || facts.Backend != "b" {
				t.Errorf("got %+v, %v, want an answer of b after 2 attempts", facts, err)
			}
		}
	})
}

// All methods concurrently, for the race detector.
func TestCoolDownsConcurrently(t *testing.T) {
	c := newCoolDowns(CoolDown{First: time.Nanosecond})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for n := range 500 {
				p := c.key("a", fmt.Sprint(n%7), fmt.Sprint(i%3))
				if c.admit(p, time.Now()) != coolingDown {
					c.recordFailure(p, errThrottled, 0, zap.NewNop())
				}
				if n%5 == 0 {
					c.recordSuccess(p)
				}
			}
		})
	}
	group.Wait()
	if n := len(c.entries); n > 21 {
		t.Errorf("%d entries", n)
	}
}
