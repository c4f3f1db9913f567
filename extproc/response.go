package extproc

import (
	"encoding/binary"
	"slices"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields that are written, from external_processor.proto, base.proto and
// struct.proto.
const (
	headersReplyField    = 1 // of ProcessingResponse: request_headers
	immediateField       = 7
	dynamicMetadataField = 8
	streamedField        = 11

	statusField  = 1 // of ImmediateResponse
	headersField = 2
	answerField  = 3
	detailsField = 5

	codeField         = 1 // of HttpStatus
	setHeadersField   = 1 // of HeaderMutation
	headerOptionField = 1 // of HeaderValueOption
	appendActionField = 3

	streamedHeadersField = 1 // of StreamedImmediateResponse
	streamedBodyField    = 2
	streamedPartField    = 1 // of StreamedBodyResponse
	streamedEndField     = 2

	structFields = 1 // of Struct
	numberField  = 2 // of Value
	stringField  = 3
	structField  = 5
)

// A response is a ProcessingResponse in wire format. It is sent once, and belongs to gRPC then.
type response struct{ buffer mem.Buffer }

// newResponse returns a response with the bytes that write appends: size of them, or a few more
// or less.
func newResponse(size int, write func(dst []byte) []byte) response {
	pool := mem.DefaultBufferPool()
	buf := pool.Get(size)
	*buf = write((*buf)[:0])
	return response{mem.NewBuffer(buf, pool)}
}

// continueHeaders lets Envoy continue in BUFFERED mode, in which it waits for this.
func continueHeaders() response {
	return newResponse(2, func(dst []byte) []byte { return appendMessage(dst, headersReplyField, nil) })
}

// immediateResponse is a whole answer. list are its headers, and facts are the dynamic
// metadata or nil.
func immediateResponse(status int, list []header, body []byte, details string, facts []byte) response {
	var head []byte
	head = appendNested(head, statusField, func(dst []byte) []byte { return appendNumber(dst, codeField, uint64(status)) }) //nolint:gosec // not negative
	head = appendNested(head, headersField, func(dst []byte) []byte {
		for _, h := range list {
			dst = appendNested(dst, setHeadersField, func(dst []byte) []byte {
				dst = appendNested(dst, headerOptionField, h.append)
				return appendNumber(dst, appendActionField, uint64(corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD))
			})
		}
		return dst
	})
	head = appendMessage(head, detailsField, []byte(details))
	length := len(head) + sizeOf(answerField, len(body))
	return newResponse(sizeOf(immediateField, length)+len(facts), func(dst []byte) []byte {
		dst = protowire.AppendTag(dst, immediateField, protowire.BytesType)
		dst = protowire.AppendVarint(dst, uint64(length)) //nolint:gosec // not negative
		dst = append(dst, head...)
		dst = appendMessage(dst, answerField, body)
		return append(dst, facts...)
	})
}

// streamedHeaders are the status and the headers of a streamed answer. length is the size of
// its body in bytes, or -1 when unknown.
func streamedHeaders(status, length int, list []header, facts []byte) response {
	const typical = 1 << 10
	return newResponse(typical, func(dst []byte) []byte {
		dst = appendNested(dst, streamedField, func(dst []byte) []byte {
			return appendNested(dst, streamedHeadersField, func(dst []byte) []byte {
				return appendNested(dst, headerMapField, func(dst []byte) []byte {
					dst = appendNested(dst, headerField, header{":status", strconv.Itoa(status)}.append)
					for _, h := range list {
						dst = appendNested(dst, headerField, h.append)
					}
					if length >= 0 {
						dst = appendNested(dst, headerField, header{"content-length", strconv.Itoa(length)}.append)
					}
					return dst
				})
			})
		})
		return append(dst, facts...)
	})
}

// streamedBody is a part of a streamed answer, which ends if last is set.
func streamedBody(body []byte, last bool, facts []byte) response {
	part := 0
	if len(body) > 0 {
		part = sizeOf(streamedPartField, len(body))
	}
	if last {
		part += protowire.SizeTag(streamedEndField) + 1
	}
	inner := sizeOf(streamedBodyField, part)
	return newResponse(sizeOf(streamedField, inner)+len(facts), func(dst []byte) []byte {
		dst = protowire.AppendTag(dst, streamedField, protowire.BytesType)
		dst = protowire.AppendVarint(dst, uint64(inner)) //nolint:gosec // not negative
		dst = protowire.AppendTag(dst, streamedBodyField, protowire.BytesType)
		dst = protowire.AppendVarint(dst, uint64(part)) //nolint:gosec // not negative
		if len(body) > 0 {
			dst = appendMessage(dst, streamedPartField, body)
		}
		if last {
			dst = appendNumber(dst, streamedEndField, 1)
		}
		return append(dst, facts...)
	})
}

// append appends the fields of a HeaderValue.
func (h header) append(dst []byte) []byte {
	dst = appendMessage(dst, keyField, []byte(h.name))
	return appendMessage(dst, rawValueField, []byte(h.value))
}

// appendNested appends a field that is a message, whose fields write appends.
func appendNested(dst []byte, number protowire.Number, write func(dst []byte) []byte) []byte {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	start := len(dst)
	dst = write(dst)
	var length [binary.MaxVarintLen64]byte
	return slices.Insert(dst, start, protowire.AppendVarint(length[:0], uint64(len(dst)-start))...) //nolint:gosec // not negative
}

// appendMessage appends a field of bytes, a string or a message.
func appendMessage(dst []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), content)
}

func appendNumber(dst []byte, number protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), n)
}

// sizeOf is the size of a field with n bytes of content.
func sizeOf(number protowire.Number, n int) int {
	return protowire.SizeTag(number) + protowire.SizeBytes(n)
}
