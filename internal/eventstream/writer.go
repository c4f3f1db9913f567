package eventstream

import (
	"encoding/binary"
	"hash/crc32"
)

// MaxHeaderValue is the length of the longest string in a header, in bytes.
const MaxHeaderValue = 32767

// A Header is one header of a frame whose value is a string.
type Header struct{ Name, Value string }

// AppendMessage appends one frame to dst and returns the extended slice. It keeps
// neither headers nor payload, which must not overlap dst's spare capacity.
//
// A name has 1 to 255 bytes, a value at most MaxHeaderValue, all headers together
// at most MaxHeaders, the frame at most MaxFrame. The caller keeps these bounds:
// beyond them the frame is invalid.
func AppendMessage(dst []byte, headers []Header, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, preludeLen)...)
	for _, h := range headers {
		dst = append(dst, byte(len(h.Name))) //nolint:gosec // the contract bounds names
		dst = append(dst, h.Name...)
		dst = append(dst, typeString)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(h.Value))) //nolint:gosec // the contract bounds values
		dst = append(dst, h.Value...)
	}
	headersLen := len(dst) - start - preludeLen
	dst = append(dst, payload...)
	prelude := dst[start : start+preludeLen]
	binary.BigEndian.PutUint32(prelude, uint32(len(dst)-start+checksumLen)) //nolint:gosec // the contract bounds frames
	binary.BigEndian.PutUint32(prelude[4:], uint32(headersLen))             //nolint:gosec // the contract bounds headers
	binary.BigEndian.PutUint32(prelude[8:], crc32.ChecksumIEEE(prelude[:8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
