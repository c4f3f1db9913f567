package fakebedrock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
)

// FuzzServe checks that any request gets JSON or a stream of whole frames.
func FuzzServe(f *testing.F) {
	for _, body := range []string{
		helloBody, weatherBody, `{}`, `[`, `{"messages":[null]}`,
		`{"messages":[{"role":"user","content":[{"text":"(1/0)*2.5 in Rome and Oslo"}]}],"inferenceConfig":{"maxTokens":3,"stopSequences":["a"]}}`,
		`{"messages":[{"role":"user","content":[{"document":{"name":"a","source":{"text":"b"},"citations":{"enabled":true}}},{"text":"c"}]}]}`,
	} {
		f.Add(body, true)
		f.Add(body, false)
	}
	strict := fakebedrock.New(fakebedrock.Config{AllowUnsigned: true, MinDelay: -1, KeepCalls: -1, IgnoreKnobs: true})
	lenient := fakebedrock.New(fakebedrock.Config{AllowUnsigned: true, MinDelay: -1, KeepCalls: -1, IgnoreKnobs: true, SkipValidation: true})
	f.Fuzz(func(t *testing.T, body string, validated bool) {
		bedrock := lenient
		if validated {
			bedrock = strict
		}
		for _, action := range []string{"converse", "converse-stream"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/model/"+claude+"/"+action, strings.NewReader(body))
			w := httptest.NewRecorder()
			bedrock.ServeHTTP(w, r)
			if action == "converse-stream" && w.Code == http.StatusOK {
				if frames, err := readFrames(w.Body); err != nil || len(frames) < 3 {
					t.Errorf("%d frames, %v", len(frames), err)
				}
			} else if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	})
}
