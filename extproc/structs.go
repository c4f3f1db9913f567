package extproc

import (
	"errors"
	"unicode/utf8"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
)

// structs is a map of names to google.protobuf.Struct. Most calls need none of them, so each
// is decoded when it is first asked for. It is not safe for concurrent use.
type structs []structEntry

// A structEntry is an entry of the map in wire format, and its value once it is decoded.
type structEntry struct {
	raw     []byte
	value   *structpb.Struct
	decoded bool
}

// add adds a copy of an entry.
func (s structs) add(entry []byte) structs {
	return append(s, structEntry{raw: append([]byte(nil), entry...)})
}

// get returns the struct of a name; nil, which is empty, if there is none or it is not
// valid.
func (s structs) get(name string) *structpb.Struct {
	for i := len(s) - 1; i >= 0; i-- { // of several entries, the last one counts
		if nameOf(s[i].raw) == name {
			return s[i].get()
		}
	}
	return nil
}

func (e *structEntry) get() *structpb.Struct {
	if !e.decoded {
		e.value, e.decoded = decodeEntry(e.raw), true
	}
	return e.value
}

func nameOf(entry []byte) (name string) {
	_ = eachField(entry, func(f field) error { // what cannot be read is missing
		if f.is(keyField) {
			name = string(f.bytes)
		}
		return nil
	})
	return name
}

// decodeEntry decodes the struct of an entry without its strings that are not UTF-8. nil
// stands for one that is not valid.
func decodeEntry(entry []byte) *structpb.Struct {
	m := &extprocv3.ProcessingRequest{}
	raw := appendMessage(nil, attributesField, entry)
	if proto.Unmarshal(raw, m) != nil {
		var err error
		if raw, err = withoutInvalid(raw, m.ProtoReflect().Descriptor(), maxDepth); err != nil {
			return nil
		}
		if proto.Unmarshal(raw, m) != nil {
			return nil
		}
	}
	for _, value := range m.GetAttributes() {
		return value
	}
	return nil
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
