package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExplainAPIs: the request of each API becomes the call that serve would make.
func TestExplainAPIs(t *testing.T) {
	const body = `{"messages":[{"role":"user","content":[{"text":"hi"}]}],"new":1.0}`
	for name, c := range map[string]struct {
		args    []string
		want    explanation
		request string
	}{
		"bedrock": {
			[]string{"-api", "bedrock", "-model", "arn:aws:bedrock:us-east-1:1:inference-profile/m"},
			explanation{Operation: "Converse", ModelID: "arn:aws:bedrock:us-east-1:1:inference-profile/m"},
			body,
		},
		"bedrock, the default model": {
			[]string{"-api", "bedrock", "-stream"},
			explanation{Operation: "ConverseStream", ModelID: "us.anthropic.claude-sonnet-4-20250514-v1:0"},
			body,
		},
		"gateway": {
			nil,
			explanation{Operation: "Converse", ModelID: "us.anthropic.claude-sonnet-4-20250514-v1:0"},
			`{"messages":[{"content":[{"text":"hi"}],"role":"user"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			if code := run(t.Context(), append([]string{"explain"}, c.args...), streams{noEnv, strings.NewReader(body), &out, &stderr}); code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			var got explanation
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			var request bytes.Buffer
			if err := json.Compact(&request, got.Request); err != nil {
				t.Fatal(err)
			}
			if got.Operation != c.want.Operation || got.ModelID != c.want.ModelID {
				t.Errorf("%+v", got)
			}
			if diff := cmp.Diff(c.request, request.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if code, _, stderr := runProgram(t, "explain", "-api", "soap"); code != 2 || !strings.Contains(stderr, "not one of gateway, openai, responses, anthropic, bedrock") {
		t.Errorf("an unknown API: exit code %d: %s", code, stderr)
	}
}
