package fakebedrock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
)

func TestPaceIsBetweenTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, stop := startPiped(t, fakebedrock.Config{Pace: time.Minute})
		defer stop()
		in := askStream("hello")
		in.RequestMetadata = map[string]string{"fake.tokens": "5"}
		started := time.Now()
		events, err := collect(t, client, in)
		if took := time.Since(started); err != nil || len(events) != 9 || took != 5*time.Minute+time.Millisecond {
			t.Errorf("%d events in %s, %v", len(events), took, err)
		}
		in.RequestMetadata["fake.pace"] = "0s"
		started = time.Now()
		events, err = collect(t, client, in)
		if took := time.Since(started); err != nil || len(events) != 9 || took != time.Millisecond {
			t.Errorf("without pace: %d events in %s, %v", len(events), took, err)
		}
	})
}

func TestDelayIsBeforeTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, b := range map[string]fakebedrock.Behaviour{
			"answer": {Delay: time.Hour}, "refusal": {Delay: time.Hour, Exception: fakebedrock.Throttling()},
		} {
			_, client, stop := startPiped(t, scripted(b))
			started := time.Now()
			_, err := client.Converse(t.Context(), ask("hello"))
			if took := time.Since(started); took < time.Hour || took > time.Hour+time.Second || (err != nil) != (b.Exception != nil) {
				t.Errorf("%s: %s, %v", name, took, err)
			}
			stop()
		}
	})
}

func TestGateHoldsEachEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		bedrock, client, stop := startPiped(t, scripted(fakebedrock.Behaviour{Gate: gate, Answer: fakebedrock.Answer{Tokens: 2}}))
		defer stop()
		out, err := client.ConverseStream(t.Context(), askStream("hello"), bedrocktest.OwnProtocol)
		if err != nil {
			t.Fatal(err)
		}
		defer out.GetStream().Close()
		for i := range 6 {
			synctest.Wait()
			select {
			case ev := <-out.GetStream().Events():
				t.Fatalf("event %d, %T, passed a closed gate", i, ev)
			default:
			}
			if got := bedrock.Calls()[0].Events; got != i {
				t.Errorf("%d events are written, want %d", got, i)
			}
			gate <- struct{}{}
			<-out.GetStream().Events()
		}
		if _, more := <-out.GetStream().Events(); more || out.GetStream().Err() != nil {
			t.Errorf("more than six events, or %v", out.GetStream().Err())
		}
	})
}

func TestGateHoldsAWholeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, done := make(chan struct{}), make(chan error, 1)
		_, client, stop := startPiped(t, scripted(fakebedrock.Behaviour{Gate: gate}))
		defer stop()
		go func() {
			_, err := client.Converse(t.Context(), ask("hello"))
			done <- err
		}()
		time.Sleep(time.Hour)
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		default:
		}
		close(gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A waiting call ends when its client disconnects, and counts as aborted.
func TestClientLeaves(t *testing.T) {
	for name, behaviour := range map[string]func() fakebedrock.Behaviour{ // created inside the bubble
		"hang":      func() fakebedrock.Behaviour { return fakebedrock.Behaviour{Hang: true} },
		"delay":     func() fakebedrock.Behaviour { return fakebedrock.Behaviour{Delay: 24 * time.Hour} },
		"gate":      func() fakebedrock.Behaviour { return fakebedrock.Behaviour{Gate: make(chan struct{})} },
		"stall":     func() fakebedrock.Behaviour { return fakebedrock.Behaviour{Fault: fakebedrock.FaultStall, After: 2} },
		"pace":      func() fakebedrock.Behaviour { return fakebedrock.Behaviour{Pace: 24 * time.Hour} },
		"slow head": func() fakebedrock.Behaviour { return fakebedrock.Behaviour{SlowHead: 24 * time.Hour} },
		"slow, then stall": func() fakebedrock.Behaviour {
			return fakebedrock.Behaviour{SlowHead: time.Nanosecond, Fault: fakebedrock.FaultStall, After: 2}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended []fakebedrock.Call
				config := scripted(behaviour())
				config.OnDone = func(c fakebedrock.Call) { ended = append(ended, c) }
				bedrock, client, stop := startPiped(t, config)
				defer stop()
				for range 2 { // whole, streamed
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					if bedrock.Received() == 0 {
						if _, err := client.Converse(ctx, ask("hello")); (err == nil) != (name == "pace") {
							t.Errorf("the whole answer: %v", err)
						}
					} else if out, err := client.ConverseStream(ctx, askStream("hello"), bedrocktest.OwnProtocol); err == nil {
						for range out.GetStream().Events() {
						}
						if err := out.GetStream().Err(); !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("the stream ended with %v", err)
						}
					} else if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v", err)
					}
					cancel()
					synctest.Wait()
				}
				if bedrock.InFlight() != 0 || len(ended) != 2 || !ended[1].Aborted || !ended[1].Done {
					t.Errorf("in flight %d, ended %+v", bedrock.InFlight(), ended)
				}
				if name != "pace" && (!ended[0].Aborted || bedrock.Aborted() != 2) {
					t.Errorf("aborted %d, first %+v", bedrock.Aborted(), ended[0])
				}
			})
		})
	}
}

// A client that disconnects after the last byte does not count as aborted.
func TestClientLeavesAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bedrock, client, stop := startPiped(t, fakebedrock.Config{})
		for range 3 {
			if _, err := collect(t, client, askStream("hello")); err != nil {
				t.Error(err)
			}
		}
		stop()
		synctest.Wait()
		if bedrock.Aborted() != 0 || bedrock.InFlight() != 0 || bedrock.Received() != 3 {
			t.Errorf("aborted %d, in flight %d, received %d", bedrock.Aborted(), bedrock.InFlight(), bedrock.Received())
		}
	})
}
