package bedrocktest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Serve starts a stand-in that reads the request and answers by h.
func Serve(t testing.TB, h http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.Header().Set("X-Amzn-Requestid", "req-1")
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// SendStream answers with the frames, flushing each.
func SendStream(w http.ResponseWriter, frames ...[]byte) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	w.WriteHeader(http.StatusOK)
	SendMore(w, frames...)
}

// SendMore goes on with a stream.
func SendMore(w http.ResponseWriter, frames ...[]byte) {
	for _, f := range frames {
		if _, err := w.Write(f); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
	}
}

// Refuse answers as Bedrock does when it refuses; headers are name, value, ….
func Refuse(w http.ResponseWriter, status int, code string, headers ...string) {
	for i := 0; i < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.Header().Set("X-Amzn-ErrorType", code+":http://internal.amazon.com/coral/com.amazon.bedrock/")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":"no: %s"}`, code)
}

// Reply answers either operation well.
func Reply(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path[len(r.URL.Path)-1] == 'm' { // converse-stream
		SendStream(w, Answer("hi")...)
		return
	}
	_, _ = w.Write([]byte(`{"text":"hi"}`))
}

// CutConn ends a connection without an answer.
func CutConn(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}
