package awsauth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of STS, in characters. Loops check them: a regular expression with
// Unicode classes and these counts would take 8 MB.
const (
	minSessionName = 2
	maxSessionName = 64
	maxRoleName    = 64
	maxTagValue    = 256
)

// isRoleName reports whether STS accepts the text as the name of a role or of a
// session: 1 to 64 of A-Z a-z 0-9 _ + = , . @ -
func isRoleName(s string) bool {
	for _, c := range []byte(s) {
		if !plainInName(c) && c != '=' && c != ',' {
			return false
		}
	}
	return s != "" && len(s) <= maxRoleName
}

// plainInName reports whether sessionName keeps a byte as it is.
func plainInName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_+.@-", c) >= 0
}

// isTagValue reports whether STS accepts the text as the value of a session tag: up
// to 256 letters, numbers and spaces of any script, and _ . : / = + - @
func isTagValue(s string) bool {
	for _, c := range s {
		if !unicode.In(c, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", c) {
			return false
		}
	}
	return utf8.RuneCountInString(s) <= maxTagValue
}

// sessionName encodes a name in the letters and the length (2 to 64) that STS
// accepts. Two names never get the same encoding, because policies can depend on
// session names: other bytes become "=" and their hexadecimal number, and a name
// that is too long or too short ends with a comma and a hash.
func sessionName(name string) string {
	var encoded strings.Builder
	for _, c := range []byte(name) {
		if plainInName(c) {
			encoded.WriteByte(c)
		} else {
			fmt.Fprintf(&encoded, "=%02X", c)
		}
	}
	text := encoded.String()
	if len(text) >= minSessionName && len(text) <= maxSessionName {
		return text
	}
	sum := sha256.Sum256([]byte(name))
	return text[:min(len(text), 31)] + "," + hex.EncodeToString(sum[:16])
}
