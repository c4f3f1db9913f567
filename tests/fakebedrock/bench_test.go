package fakebedrock_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
)

// BenchmarkStream measures the cost of the fake itself: an unsigned stream of 500
// tokens, in memory.
func BenchmarkStream(b *testing.B) {
	bedrock := fakebedrock.New(fakebedrock.Config{AllowUnsigned: true, MinDelay: -1, KeepCalls: -1})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/model/"+claude+"/converse-stream", strings.NewReader(helloBody))
		r.Header.Set("X-Fake-Tokens", "500")
		w := httptest.NewRecorder()
		bedrock.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/504, "ns/event")
}

// BenchmarkLargeRequest measures a request with an image of 20 MB.
func BenchmarkLargeRequest(b *testing.B) {
	bedrock := fakebedrock.New(fakebedrock.Config{AllowUnsigned: true, MinDelay: -1, KeepCalls: -1, SkipValidation: false})
	body := `{"messages":[{"role":"user","content":[{"text":"hello ` + strings.Repeat("hello ", 20<<20/6) + `"}]}]}`
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/model/"+claude+"/converse", strings.NewReader(body))
		w := httptest.NewRecorder()
		bedrock.ServeHTTP(w, r)
		if _, err := io.Copy(io.Discard, w.Result().Body); err != nil || w.Code != http.StatusOK {
			b.Fatal(err, w.Code)
		}
	}
}
