package extproc

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"bedrock-extproc/translator"
)

// request is one HTTP request as Envoy handed it over.
type request struct {
	mode          bodyMode
	method        string
	path          string // without the query
	userAgent     string
	requestID     string
	correlationID string
	provider      string // the backend that the client asked for, or ""
	caller        translator.Caller
	metadata      map[string]*structpb.Struct // Envoy's dynamic metadata, by namespace
	attributes    map[string]*structpb.Struct // request attributes, by filter
	contentLength int                         // -1 when unknown
	body          []byte
}

// bodyMode is the filter's request_body_mode.
type bodyMode = extprocfilterv3.ProcessingMode_BodySendMode

const (
	modeBuffered   = extprocfilterv3.ProcessingMode_BUFFERED
	modeFullDuplex = extprocfilterv3.ProcessingMode_FULL_DUPLEX_STREAMED
)

// readHeaders fills in everything but the mode and the body. Where a header
// comes twice the first one counts. Unknown headers are none of our business.
func (r *request) readHeaders(headers *corev3.HeaderMap) {
	r.contentLength = -1
	var providerLLM, provider string
	for _, h := range headers.GetHeaders() {
		switch h.GetKey() {
		case ":method":
			set(&r.method, h)
		case ":path":
			set(&r.path, h)
		case "user-agent":
			set(&r.userAgent, h)
		case "content-length":
			r.contentLength = parseLength(value(h))
		case "x-request-id":
			set(&r.requestID, h)
		case "x-correlation-id":
			set(&r.correlationID, h)
		case "x-provider-llm":
			set(&providerLLM, h)
		case "x-provider":
			set(&provider, h)
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
	r.path, _, _ = strings.Cut(r.path, "?")
	r.provider = cmp.Or(providerLLM, provider)
	if !r.caller.HasKeys() {
		// Half a key pair is no identity, and a region alone moves nobody.
		r.caller = translator.Caller{}
	}
}

// nameIDs fills in the ids that the client did not give, or gave in a form that
// cannot be echoed in a header.
func (r *request) nameIDs() {
	if !echoable(r.requestID) {
		r.requestID = newRequestID()
	}
	if !echoable(r.correlationID) {
		r.correlationID = r.requestID
	}
}

// newRequestID is 32 hex digits, as the reference server makes them.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails; it ends the program instead
	return hex.EncodeToString(id[:])
}

// value reads a header that Envoy sent; raw_value is what current ones use.
func value(h *corev3.HeaderValue) string {
	if raw := h.GetRawValue(); len(raw) > 0 {
		return string(raw)
	}
	return h.GetValue()
}

func set(field *string, h *corev3.HeaderValue) {
	if *field == "" {
		*field = value(h)
	}
}

func parseLength(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
