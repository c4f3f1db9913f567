package doctor

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func someReport() *Report {
	return &Report{
		Examined: []string{"Envoy 1.40.0"},
		Findings: []Finding{
			{"failure-mode", Error, `filter "a"`, "failure_mode_allow is true", "Remove <it>."},
			{"keepalive", Warning, `cluster "b"`, "too often", "Less."},
		},
	}
}

func TestWriteText(t *testing.T) {
	const want = `checked Envoy 1.40.0

error: failure-mode: filter "a"
  failure_mode_allow is true
  Fix: Remove <it>.

warning: keepalive: cluster "b"
  too often
  Fix: Less.

errors: 1, warnings: 1
`
	var got bytes.Buffer
	someReport().WriteText(&got)
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got.Reset()
	(&Report{}).WriteText(&got)
	if diff := cmp.Diff("\nNo problems found.\n", got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriteJSON(t *testing.T) {
	var text bytes.Buffer
	if err := someReport().WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text.Bytes(), []byte(`"Remove <it>."`)) {
		t.Errorf("escaped: %s", text.Bytes())
	}
	var got Report
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(someReport(), &got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without findings the list is empty, not null. Errors come first.
func TestExamine(t *testing.T) {
	s := goodSite(t)
	snapshot, err := ReadDump(s.staticDump(t))
	if err != nil {
		t.Fatal(err)
	}
	report := Examine(snapshot, Options{})
	want := &Report{
		Examined: []string{"Envoy 1.40.0", filterWhere + ` calls cluster "bedrock_extproc"`},
		Findings: []Finding{},
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("good (-want +got):\n%s", diff)
	}
	s.cluster.CircuitBreakers, s.config.FailureModeAllow, s.version.MinorNumber = nil, true, 38
	if snapshot, err = ReadDump(s.staticDump(t)); err != nil {
		t.Fatal(err)
	}
	report = Examine(snapshot, Options{})
	var got []Severity
	for _, f := range report.Findings {
		got = append(got, f.Severity)
		if f.Fix == "" {
			t.Errorf("%s has no fix", f.ID)
		}
	}
	if diff := cmp.Diff([]Severity{Error, Warning, Warning, Warning}, got); diff != "" {
		t.Errorf("broken (-want +got):\n%s", diff)
	}
	if got, want := report.Summary(), "errors: 1, warnings: 3"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}
