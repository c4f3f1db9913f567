package extproc

import (
	"errors"
	"unicode/utf8"

	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A Codec is gRPC's codec for protobuf, except that a received string that is not
// UTF-8 is as good as missing. Envoy copies bytes of clients into strings, such as
// X-Request-Id into the attribute request.id, and gRPC's own codec fails the whole
// message.
type Codec struct{}

// Name implements [encoding.CodecV2].
func (Codec) Name() string { return protocodec.Name }

// Marshal implements [encoding.CodecV2].
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	return encoding.GetCodecV2(protocodec.Name).Marshal(v)
}

// Unmarshal implements [encoding.CodecV2].
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	err := encoding.GetCodecV2(protocodec.Name).Unmarshal(data, v)
	m, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	raw, repairErr := withoutInvalid(data.Materialize(), m.ProtoReflect().Descriptor(), maxDepth)
	if repairErr != nil {
		return errors.Join(err, repairErr)
	}
	return proto.Unmarshal(raw, m)
}

// maxDepth limits the nesting of a message that withoutInvalid reads, and with it the
// work for each byte. Envoy's own messages have fewer levels, besides the JSON of
// dynamic metadata.
const maxDepth = 200

var errTooDeep = errors.New("nested too deeply")

// withoutInvalid copies a message in wire format without its invalid strings.
func withoutInvalid(src []byte, md protoreflect.MessageDescriptor, depth int) ([]byte, error) {
	if depth == 0 {
		return nil, errTooDeep
	}
	dst := make([]byte, 0, len(src))
	for len(src) > 0 {
		number, wireType, tag := protowire.ConsumeTag(src)
		n := protowire.ConsumeFieldValue(number, wireType, src[max(tag, 0):])
		if tag < 0 || n < 0 {
			return nil, protowire.ParseError(min(tag, n))
		}
		field, value := md.Fields().ByNumber(number), src[tag:tag+n]
		head := src[:tag]
		src = src[tag+n:]
		if field == nil || wireType != protowire.BytesType {
			dst = append(append(dst, head...), value...)
			continue
		}
		content, _ := protowire.ConsumeBytes(value)
		switch field.Kind() {
		case protoreflect.StringKind:
			if !utf8.Valid(content) {
				continue
			}
		case protoreflect.MessageKind:
			var err error
			if content, err = withoutInvalid(content, field.Message(), depth-1); err != nil {
				return nil, err
			}
		default: // bytes, or packed numbers
		}
		dst = protowire.AppendBytes(append(dst, head...), content)
	}
	return dst, nil
}
