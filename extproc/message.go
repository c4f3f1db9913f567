package extproc

import (
	"unicode/utf8"

	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields that are read, from external_processor.proto and base.proto of
// Envoy's API.
const (
	requestHeadersField   = 2 // of ProcessingRequest
	responseHeadersField  = 3
	requestBodyField      = 4
	requestTrailersField  = 6
	responseTrailersField = 7
	metadataField         = 8
	attributesField       = 9
	protocolConfigField   = 11

	headerMapField    = 1 // of HttpHeaders
	endOfHeadersField = 3
	headerField       = 1 // of HeaderMap
	keyField          = 1 // of HeaderValue, and of the entry of a map
	valueField        = 2
	rawValueField     = 3
	bodyField         = 1 // of HttpBody
	endOfBodyField    = 2
	requestModeField  = 1 // of ProtocolConfiguration
	filterField       = 1 // of Metadata: filter_metadata
)

// A message is a ProcessingRequest, as far as the sidecar needs it. Reading it here takes a
// fraction of what Go's structs for all of its fields take.
//
// A string that is not UTF-8 is as good as missing. Envoy copies bytes of clients into
// strings, such as X-Request-Id into the attribute request.id, and gRPC's own codec fails
// the whole message.
type message struct {
	kind        protowire.Number // the field of the oneof, 0 for none
	headers     []header
	body        []byte
	endOfStream bool // after the headers, or after the body

	hasProtocol bool // there is a protocol_config
	mode        bodyMode
	// metadata and attributes are structs by name.
	metadata, attributes structs
}

// A header is one line of a request's headers. Its name is in lower case.
type header struct{ name, value string }

// unmarshal reads a message from protobuf's wire format. It keeps no part of raw.
func (m *message) unmarshal(raw []byte) error {
	return eachField(raw, func(f field) error {
		switch {
		case f.number >= requestHeadersField && f.number <= responseTrailersField && f.bytes != nil:
			return m.readKind(f)
		case f.is(metadataField):
			return eachField(f.bytes, func(f field) error {
				if f.is(filterField) {
					m.metadata = m.metadata.add(f.bytes)
				}
				return nil
			})
		case f.is(attributesField):
			m.attributes = m.attributes.add(f.bytes)
		case f.is(protocolConfigField):
			m.hasProtocol = true
			return eachField(f.bytes, func(f field) error {
				if f.isNumber(requestModeField) {
					m.mode = extprocfilterv3.ProcessingMode_BodySendMode(int32(f.varint)) //nolint:gosec // as protobuf does
				}
				return nil
			})
		}
		return nil
	})
}

// readKind reads a field of the oneof. Of several, the last one counts.
func (m *message) readKind(kind field) error {
	if m.kind != kind.number {
		m.kind, m.headers, m.body, m.endOfStream = kind.number, nil, nil, false
	}
	return eachField(kind.bytes, func(f field) error {
		switch {
		case kind.number == requestHeadersField && f.is(headerMapField):
			return m.readHeaders(f.bytes)
		case kind.number == requestHeadersField && f.isNumber(endOfHeadersField),
			kind.number == requestBodyField && f.isNumber(endOfBodyField):
			m.endOfStream = f.varint != 0
		case kind.number == requestBodyField && f.is(bodyField):
			m.body = append([]byte(nil), f.bytes...)
		}
		return nil
	})
}

func (m *message) readHeaders(list []byte) error {
	if m.headers == nil {
		m.headers = make([]header, 0, 24)
	}
	return eachField(list, func(f field) error {
		if !f.is(headerField) {
			return nil
		}
		var key, value, raw []byte
		err := eachField(f.bytes, func(f field) error {
			switch {
			case f.is(keyField):
				key = f.bytes
			case f.is(valueField):
				value = f.bytes
			case f.is(rawValueField):
				raw = f.bytes
			}
			return nil
		})
		if len(raw) == 0 && utf8.Valid(value) { // current versions of Envoy use raw_value
			raw = value
		}
		if utf8.Valid(key) {
			m.headers = append(m.headers, header{headerName(key), string(raw)})
		}
		return err
	})
}

// headerName is string(b), without an allocation for names that most requests have.
func headerName(b []byte) string {
	switch string(b) {
	case ":authority":
		return ":authority"
	case ":method":
		return ":method"
	case ":path":
		return ":path"
	case ":scheme":
		return ":scheme"
	case "accept":
		return "accept"
	case "accept-encoding":
		return "accept-encoding"
	case "authorization":
		return "authorization"
	case "content-length":
		return "content-length"
	case "content-type":
		return "content-type"
	case "user-agent":
		return "user-agent"
	case "x-forwarded-proto":
		return "x-forwarded-proto"
	case "x-request-id":
		return "x-request-id"
	}
	return string(b)
}

// A field is one field of a message in wire format.
type field struct {
	number protowire.Number
	bytes  []byte // of a message, a string or bytes; nil for a number
	varint uint64
}

func (f field) is(n protowire.Number) bool       { return f.number == n && f.bytes != nil }
func (f field) isNumber(n protowire.Number) bool { return f.number == n && f.bytes == nil }

// eachField calls read for the fields of a message whose types occur in what is read.
func eachField(raw []byte, read func(field) error) error {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		f := field{number: number}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(raw)
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(raw)
		default:
			n = protowire.ConsumeFieldValue(number, kind, raw)
			f.number = 0
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		if err := read(f); err != nil {
			return err
		}
	}
	return nil
}
