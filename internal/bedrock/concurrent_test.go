package bedrock

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// After two hundred clients have left, the next two hundred are served, and in the
// end no connection and no goroutine is left. The bubble fails when a goroutine does
// not end.
func TestAbortedStreamsLeakNothing(t *testing.T) {
	bedrocktest.Isolate(t)
	const streams = 200
	whole := bedrocktest.Answer("hi")
	synctest.Test(t, func(t *testing.T) {
		abort := true
		b, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			if abort {
				bedrocktest.SendStream(w, whole[:3]...)
				<-r.Context().Done()
				return
			}
			bedrocktest.SendStream(w, whole...)
		})
		for i := range streams {
			events, _, err := b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
			if err != nil {
				t.Fatalf("aborted stream %d: %v", i, err)
			}
			for _, err := range events {
				if err != nil {
					t.Error(err)
				}
				break
			}
		}
		synctest.Wait()
		if n := p.Open.Load(); n != 0 {
			t.Errorf("%d connections open after %d aborted streams", n, streams)
		}
		abort = false
		before := p.Dials.Load()
		for i := range streams {
			if events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{}); err != nil || len(events) != len(whole) {
				t.Fatalf("good stream %d: %v, %v", i, events, err)
			}
		}
		if n := p.Dials.Load() - before; n != 1 {
			t.Errorf("%d dials for %d good streams one after the other", n, streams)
		}
		stop()
		synctest.Wait()
		if n := p.Open.Load(); n != 0 {
			t.Errorf("%d connections open in the end", n)
		}
	})
}

// Concurrent calls of different callers are each signed with their own keys and get
// their own answer.
func TestConcurrentCallersAreKeptApart(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b, _, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			id, region, _, err := signedFor(r)
			said := fmt.Sprintf("%s %s %s %v", id, region, body, err)
			if strings.HasSuffix(r.URL.Path, "-stream") {
				bedrocktest.SendStream(w, bedrocktest.Answer(said)...)
				return
			}
			_, _ = fmt.Fprintf(w, `{"text":%q}`, said)
		})
		defer stop()
		callers := []struct {
			translator.Caller
			want string
		}{
			{translator.Caller{}, "AKIDSIDECAR us-west-2"},
			{translator.Caller{AccessKeyID: "AKIDCALLER", SecretAccessKey: "caller-secret", Region: "eu-west-1"}, "AKIDCALLER eu-west-1"},
			{translator.Caller{AccessKeyID: "AKIDOTHER", SecretAccessKey: "other-secret"}, "AKIDOTHER us-west-2"},
		}
		var group sync.WaitGroup
		for i := range 48 {
			group.Go(func() {
				c := callers[i%len(callers)]
				want := fmt.Sprintf("%s %d <nil>", c.want, i)
				raw, _, err := b.Converse(t.Context(), call("m", fmt.Sprint(i)), c.Caller)
				if err != nil || string(raw) != fmt.Sprintf(`{"text":%q}`, want) {
					t.Errorf("call %d: %s, %v", i, raw, err)
				}
				events, _, err := collect(t.Context(), b, call("m", fmt.Sprint(i)), c.Caller)
				if err != nil || len(events) != 5 || !strings.Contains(events[1].Payload, `"text":"`+want+`"`) {
					t.Errorf("stream %d: %v, %v", i, events, err)
				}
			})
		}
		group.Wait()
	})
}
