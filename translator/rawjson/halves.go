package rawjson

import "bytes"

// WithoutHalves is v with U+FFFD in place of each half of a surrogate pair, such as
// \ud83d, that lacks its other half: v itself where there is none. Many languages read
// such a half and then cannot write it again. Positions in v stay the same.
func WithoutHalves(v Value) Value {
	i := LoneHalf(v, 0)
	if i < 0 {
		return v
	}
	whole := v.Clone()
	for ; i >= 0; i = LoneHalf(whole, i) {
		copy(whole[i:], `\ufffd`)
	}
	return whole
}

// escapeLength is the length of an escape such as \ud83d.
const escapeLength = 6

// LoneHalf is the position in v of the first escape, at from or later, that is half of
// a surrogate pair without the other; -1 where there is none. At from, no escape has
// begun.
func LoneHalf(v Value, from int) int {
	for i := from; i < len(v); {
		n := bytes.IndexByte(v[i:], '\\')
		if n < 0 {
			break
		}
		i += n
		first := surrogate(v[i:])
		switch {
		case first == 0:
			i += 2 // the escaped character may be a backslash
		case first == highHalf && len(v) > i+escapeLength && surrogate(v[i+escapeLength:]) == lowHalf:
			i += 2 * escapeLength
		default:
			return i
		}
	}
	return -1
}

// The halves of a surrogate pair.
const (
	highHalf = 'h'
	lowHalf  = 'l'
)

// surrogate says which half of a pair v begins with as an escape, 0 for none.
func surrogate(v Value) byte {
	if len(v) < escapeLength || v[0] != '\\' || v[1] != 'u' || v[2]|' ' != 'd' {
		return 0
	}
	switch v[3] | ' ' {
	case '8', '9', 'a', 'b':
		return highHalf
	case 'c', 'd', 'e', 'f':
		return lowHalf
	}
	return 0
}
