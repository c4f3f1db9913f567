package client

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Error is an error that the server has told.
type Error struct {
	Status     int // 0 for an error within a stream
	Type       string
	Message    string
	Path       string // of the request's member at fault
	Hint       string
	RetryAfter string
	RequestID  string
}

// Error implements error. It has everything that the server has told, on one line.
func (e *Error) Error() string {
	var text strings.Builder
	if e.Status != 0 {
		fmt.Fprintf(&text, "%d %s: ", e.Status, http.StatusText(e.Status))
	}
	if e.Type != "" {
		fmt.Fprintf(&text, "%s: ", e.Type)
	}
	text.WriteString(cmp.Or(e.Message, "no message"))
	for _, part := range [][2]string{{"at", e.Path}, {"hint:", e.Hint}, {"retry after", e.RetryAfter}, {"request", e.RequestID}} {
		if part[1] != "" {
			fmt.Fprintf(&text, " (%s %s)", part[0], part[1])
		}
	}
	return text.String()
}

// maxError is the longest error body that is read, and maxShown the longest text that is
// shown of one that is not JSON, in bytes.
const maxError, maxShown = 1 << 20, 500

func readError(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	if err != nil {
		return err
	}
	e := parseError(body)
	e.Status, e.RetryAfter, e.RequestID = resp.StatusCode, resp.Header.Get("Retry-After"), requestID(resp.Header)
	e.Type = cmp.Or(e.Type, resp.Header.Get("X-Amzn-Errortype"))
	return e
}

func requestID(h http.Header) string {
	return cmp.Or(h.Get("X-Request-Id"), h.Get("X-Amzn-Requestid"))
}

// parseError reads the error bodies of all APIs, and those of Envoy and of proxies.
func parseError(body []byte) *Error {
	var known struct {
		Detail, Error json.RawMessage
		Message       string
	}
	if json.Unmarshal(body, &known) != nil {
		return &Error{Message: strings.TrimSpace(string(body[:min(len(body), maxShown)]))}
	}
	e := &Error{}
	var inner struct {
		Type, Message, Code, Path, Param, Hint string
	}
	if json.Unmarshal(known.Error, &inner) == nil {
		e.Type, e.Message, e.Path, e.Hint = cmp.Or(inner.Code, inner.Type), inner.Message, cmp.Or(inner.Path, inner.Param), inner.Hint
	}
	e.Message = cmp.Or(detail(known.Detail), e.Message, known.Message)
	return e
}

// detail is the gateway API's detail: a text, or a list of problems.
func detail(raw json.RawMessage) string {
	var text string
	if len(raw) == 0 || json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
