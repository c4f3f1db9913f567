package extproc

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/translator"
)

// request is one HTTP request as Envoy handed it over.
type request struct {
	mode          bodyMode
	start         time.Time
	method        string
	path          string // raw, without the query
	requestID     string
	correlationID string
	headers       []header
	caller        translator.Caller
	metadata      structs // Envoy's dynamic metadata, by namespace
	attributes    structs // request attributes, by filter
	contentLength int     // -1 when unknown
	encoding      string  // all Content-Encoding headers, as one
	headersOnly   bool    // the request ends with its headers
}

// bodyMode is the filter's request_body_mode.
type bodyMode = extprocfilterv3.ProcessingMode_BodySendMode

const (
	modeBuffered   = extprocfilterv3.ProcessingMode_BUFFERED
	modeFullDuplex = extprocfilterv3.ProcessingMode_FULL_DUPLEX_STREAMED
)

// readHeaders reads everything but the mode. The first of repeated
// headers counts, except that repeated encodings form a list.
func (r *request) readHeaders(headers []header) {
	r.contentLength = -1
	r.headers = headers
	var encodings []string
	for _, h := range r.headers {
		switch h.name {
		case ":method":
			set(&r.method, h)
		case ":path":
			set(&r.path, h)
		case "content-length":
			r.contentLength = parseLength(h.value)
		case "content-encoding":
			encodings = append(encodings, h.value)
		case "x-request-id":
			set(&r.requestID, h)
		case "x-correlation-id":
			set(&r.correlationID, h)
		case "x-aws-access-key-id":
			set(&r.caller.AccessKeyID, h)
		case "x-aws-secret-access-key":
			set(&r.caller.SecretAccessKey, h)
		case "x-aws-session-token":
			set(&r.caller.SessionToken, h)
		case "x-aws-region":
			set(&r.caller.Region, h)
		}
	}
	if path, _, found := strings.Cut(r.path, "?"); found {
		r.path = strings.Clone(path) // records keep the path, and the query must not stay with it
	}
	r.encoding = strings.Join(encodings, ", ")
	if !r.caller.HasKeys() {
		// Half a key pair identifies nobody, and a region counts only with keys.
		r.caller = translator.Caller{}
	}
}

// header is a translator.HeaderFunc, until release.
func (r *request) header(name string) string {
	if translator.SecretHeader(name) {
		return ""
	}
	var values []string
	for _, h := range r.headers {
		if h.name != name || h.value == "" {
			continue
		}
		values = append(values, h.value)
		if !translator.ListHeader(name) {
			break
		}
	}
	return strings.Join(values, ",")
}

// release drops everything that a translated request no longer needs: a stream may
// live for an hour.
func (r *request) release() {
	r.headers, r.metadata, r.attributes = nil, nil, nil
}

// complete adds the request's own facts to the backend's.
func (r *request) complete(facts translator.Facts) translator.Facts {
	facts.RequestID, facts.Start = r.requestID, r.start
	return facts
}

// ensureIDs generates the ids that the client did not send, or that are not legal
// header values.
func (r *request) ensureIDs() {
	if !validHeaderValue(r.requestID) {
		r.requestID = newRequestID()
	}
	if !validHeaderValue(r.correlationID) {
		r.correlationID = r.requestID
	}
}

// newRequestID returns 32 hex digits, like the reference server's ids.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

func set(field *string, h header) {
	if *field == "" {
		*field = h.value
	}
}

func parseLength(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
