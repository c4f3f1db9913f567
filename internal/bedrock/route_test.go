package bedrock

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestARNOfAnotherRegion(t *testing.T) {
	bedrocktest.Isolate(t)
	b := newTestBackend(t, Config{}, bedrocktest.Serve(t, signing)) // in us-west-2
	there := caller
	there.Region = "eu-west-1"
	const inEurope, here = "arn:aws:bedrock:eu-west-1:1:inference-profile/x", "arn:aws:bedrock:us-west-2:1:inference-profile/x"
	for name, tt := range map[string]struct {
		model  string
		caller translator.Caller
		sent   bool
	}{
		"the backend's region":    {here, caller, true},
		"another":                 {inEurope, caller, false},
		"the caller's region":     {inEurope, there, true},
		"not the caller's region": {here, there, false},
		"no region":               {"arn:aws:bedrock:::x", caller, true},
		"no ARN":                  {"eu.x", caller, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, whole, err := b.Converse(t.Context(), call(tt.model, `{}`), tt.caller)
			_, streamed, streamErr := b.ConverseStream(t.Context(), call(tt.model, `{}`), tt.caller)
			if tt.sent {
				if err != nil || whole.Attempts != 1 || streamed.Attempts != 1 {
					t.Errorf("%d and %d attempts, want 1 and 1: %v, %v", whole.Attempts, streamed.Attempts, err, streamErr)
				}
				return
			}
			for _, err := range []error{err, streamErr} {
				e := asError(t, err)
				if diff := cmp.Diff(failure{400, translator.KindInvalid, false, 0, ""}, outline(e)); diff != "" {
					t.Error(diff)
				}
				if e.Path != "model" || e.Hint == "" || e.Facts.Attempts != 0 {
					t.Errorf("path %q, hint %q, %d attempts; want path model, a hint, no attempt", e.Path, e.Hint, e.Facts.Attempts)
				}
			}
		})
	}
	e := asError(t, CheckModelRegion(inEurope, "us-west-2"))
	want := []string{"The model's ARN is in region eu-west-1, but the call would go to us-west-2.", "Choose a backend in eu-west-1, or a model in us-west-2."}
	if diff := cmp.Diff(want, []string{e.Message, e.Hint}); diff != "" {
		t.Error(diff)
	}
}

func TestModelNames(t *testing.T) {
	bedrocktest.Isolate(t)
	given := map[string]string{"smart": "us.x-v1:0"}
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "a", Models: given, DefaultModel: "smart"}}})
	if err != nil {
		t.Fatal(err)
	}
	given["smart"] = "changed"
	b := bs.All()[0]
	if b.Model("smart") != "us.x-v1:0" || b.Model("other") != "other" || b.DefaultModel() != "smart" {
		t.Errorf("%s, %s, %s", b.Model("smart"), b.Model("other"), b.DefaultModel())
	}
}
