package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/page"
)

var update = flag.Bool("update", false, "write docs/faults.md again")

// A seen is what a client sees of an answer.
type seen struct {
	// status is the HTTP status; 0 if the response did not begin.
	status int
	// kind is the error's type, "" for none.
	kind string
	// ends lists the ends of a streamed answer: "success", "error", and "broken" for a
	// response that the transport reports as incomplete.
	ends []string
}

func (s seen) String() string {
	switch {
	case s.status == 0:
		return "no response"
	case slices.Contains(s.ends, "broken"):
		return fmt.Sprintf("%d, broken off", s.status)
	case s.kind == "":
		return fmt.Sprint(s.status)
	case len(s.ends) > 0:
		return fmt.Sprintf("%d, then the error `%s`", s.status, s.kind)
	}
	return fmt.Sprintf("%d `%s`", s.status, s.kind)
}

// ok is a complete answer.
func ok(streamed bool) seen {
	if streamed {
		return seen{200, "", []string{"success"}}
	}
	return seen{200, "", nil}
}

// early is an error before the answer.
func early(status int, kind string) seen { return seen{status, kind, nil} }

// late is an error in a stream.
func late(kind string) seen { return seen{200, kind, []string{"error"}} }

// A fault is one way in which a call fails.
type fault struct {
	name string
	// knobs are those of the fake Bedrock, "" for none.
	knobs string
	// backend answers the call, "" for the default.
	backend string
	headers []string
	// slow says that the call waits for a time limit.
	slow bool
	// whole and streamed are what clients see. A nil whole means that only a stream can
	// fail so.
	whole, streamed *seen
}

func both(s seen) (whole, streamed *seen) { return &s, &s }

// TestFaultMatrix makes calls fail in every way, with each API, each HTTP version and
// both shapes of answer: the client sees one end, the log has one record of it, the next
// call succeeds, and nothing stays open.
func TestFaultMatrix(t *testing.T) {
	s := startFaulty(t)
	for _, api := range apis {
		for protocol, client := range protocols() {
			for _, f := range allFaults() {
				for _, streamed := range []bool{false, true} {
					want := f.whole
					if streamed {
						want = f.streamed
					}
					if want == nil {
						continue
					}
					t.Run(strings.Join([]string{api.name, protocol, f.name, shapeName(streamed)}, "/"), func(t *testing.T) {
						t.Parallel()
						id := strings.ReplaceAll(t.Name(), " ", "-")
						got := api.ask(t, s, client, f, streamed, id)
						if diff := cmp.Diff(api.expect(*want), got, cmp.AllowUnexported(seen{})); diff != "" {
							t.Errorf("(-want +got):\n%s", diff)
						}
						s.checkRecord(t, id, want.kind)
						if next := api.ask(t, s, client, fault{}, streamed, id+"/next"); !cmp.Equal(next, ok(streamed), cmp.AllowUnexported(seen{})) {
							t.Errorf("the next call: %v", next)
						}
					})
				}
			}
		}
	}
	t.Cleanup(func() { s.checkIdle(t) }) // after the parallel subtests
}

func shapeName(streamed bool) string {
	if streamed {
		return "streamed"
	}
	return "whole"
}

// checkRecord waits for the log line of the request, and checks that it is the only one
// and has the error.
func (s *system) checkRecord(t *testing.T, id, kind string) {
	t.Helper()
	var found []string
	for deadline := time.Now().Add(10 * time.Second); len(found) == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for line := range strings.Lines(s.sidecar.logged()) {
			var record struct {
				Msg, Error string
				RequestID  string `json:"request_id"`
			}
			if json.Unmarshal([]byte(line), &record) == nil && record.Msg == "request" && record.RequestID == id {
				found = append(found, record.Error)
			}
		}
	}
	if diff := cmp.Diff([]string{kind}, found); diff != "" {
		t.Errorf("errors in the records of the request (-want +got):\n%s", diff)
	}
}

// checkIdle waits until no call is open in the sidecar or at Bedrock.
func (s *system) checkIdle(t *testing.T) {
	t.Helper()
	var metrics string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get(s.sidecar.admin + "/metrics")
		if err != nil {
			t.Error(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if metrics = string(body); s.bedrock.InFlight() == 0 && strings.Contains(metrics, "bedrock_extproc_calls_in_flight 0\n") {
			return
		}
	}
	t.Errorf("%d calls are open at Bedrock; metrics:\n%s", s.bedrock.InFlight(), metrics)
}

// TestFaultsPage compares docs/faults.md with the table of faults.
func TestFaultsPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(intro)
	for _, topic := range append(slices.Clip(faultTopics), incidentTopic()) {
		text += "\n## " + topic.name + "\n\n| fault | whole answer | stream |\n|---|---|---|\n"
		for _, f := range topic.faults {
			text += fmt.Sprintf("| %s | %s | %s |\n", f.name, cell(f.whole), cell(f.streamed))
		}
	}
	page.Check(t, "../../docs/faults.md", text, *update)
}

func cell(s *seen) string {
	if s == nil {
		return ""
	}
	return s.String()
}
