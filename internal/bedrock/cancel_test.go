package bedrock

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// errLeft is the cause with which the tests' clients leave.
var errLeft = errors.New("the client has left")

// Both sides notice at once when a client leaves, in every phase of a call.
func TestCancel(t *testing.T) {
	bedrocktest.Isolate(t)
	tests := map[string]func(w http.ResponseWriter){
		"before the answer":      func(http.ResponseWriter) {},
		"before the first event": func(w http.ResponseWriter) { bedrocktest.SendStream(w, nil) },
		"between events":         func(w http.ResponseWriter) { bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:3]...) },
		"inside a frame": func(w http.ResponseWriter) {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[0], bedrocktest.Promise(100))
		},
		"after messageStop": func(w http.ResponseWriter) { bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:4]...) },
	}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := make(chan struct{}, 2)
				b, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
					start(w)
					<-r.Context().Done()
					left <- struct{}{}
				})
				defer stop()
				for i := range 2 {
					ctx, cancel := context.WithCancelCause(t.Context())
					time.AfterFunc(time.Second, func() { cancel(errLeft) })
					var err error
					if i == 0 {
						_, _, err = collect(ctx, b, call("m", `{}`), translator.Caller{})
					} else {
						_, _, err = b.Converse(ctx, call("m", `{}`), translator.Caller{})
					}
					if !errors.Is(err, errLeft) {
						t.Errorf("error %v", err)
					}
					<-left
				}
				synctest.Wait()
				if n := p.Open.Load(); n != 0 {
					t.Errorf("%d connections left", n)
				}
			})
		})
	}
}

func TestLeavingTheLoopClosesTheStream(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		left := make(chan struct{})
		b, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:3]...)
			<-r.Context().Done()
			close(left)
		})
		defer stop()
		events, _, err := b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range events {
			if err != nil {
				t.Error(err)
			}
			break
		}
		<-left
		synctest.Wait()
		if n := p.Open.Load(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}
