package eventstream

import (
	"encoding/binary"
	"fmt"
)

// The types of a header's value.
const (
	typeTrue = iota
	typeFalse
	typeByte
	typeShort
	typeInteger
	typeLong
	typeBytes
	typeString
	typeTimestamp
	typeUUID
)

// readHeaders keeps the headers that Message has fields for and skips the rest.
func (m *Message) readHeaders(block []byte) error {
	for len(block) > 0 {
		nameLen := int(block[0])
		if nameLen == 0 || len(block) < 1+nameLen+1 {
			return fmt.Errorf("%w: name of a header of %d bytes, %d left", ErrFrame, nameLen, len(block)-1)
		}
		name, kind, rest := block[1:1+nameLen], block[1+nameLen], block[1+nameLen+1:]
		value, rest, err := cutValue(kind, rest)
		if err != nil {
			return err
		}
		if field := m.field(name); field != nil {
			if kind != typeString {
				return fmt.Errorf("%w: header %q is of type %d, not a string", ErrFrame, name, kind)
			}
			*field = value
		}
		block = rest
	}
	return nil
}

// field returns the field for a header, or nil.
func (m *Message) field(name []byte) *[]byte {
	switch string(name) {
	case ":message-type":
		return &m.Type
	case ":event-type":
		return &m.EventType
	case ":exception-type":
		return &m.ExceptionType
	case ":error-code":
		return &m.ErrorCode
	case ":error-message":
		return &m.ErrorMessage
	case ":content-type":
		return &m.ContentType
	}
	return nil
}

// cutValue splits a header's value, without its length, from what follows.
func cutValue(kind byte, b []byte) (value, rest []byte, err error) {
	var n int
	switch kind {
	case typeTrue, typeFalse:
	case typeByte:
		n = 1
	case typeShort:
		n = 2
	case typeInteger:
		n = 4
	case typeLong, typeTimestamp:
		n = 8
	case typeUUID:
		n = 16
	case typeBytes, typeString:
		if len(b) < 2 {
			return nil, nil, fmt.Errorf("%w: headers end inside a length", ErrFrame)
		}
		n, b = int(binary.BigEndian.Uint16(b)), b[2:]
	default:
		return nil, nil, fmt.Errorf("%w: header of unknown type %d", ErrFrame, kind)
	}
	if n > len(b) {
		return nil, nil, fmt.Errorf("%w: header's value of %d bytes, %d left", ErrFrame, n, len(b))
	}
	return b[:n], b[n:], nil
}
