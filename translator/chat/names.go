package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName is the service's limit on names of tools and ids of their calls.
const maxName = 64

// toolName is the name under which a tool is known to Bedrock. A name that it
// would refuse is mapped, everywhere the same way, and restored in the answer.
func (t *translation) toolName(name, at string) (string, error) {
	if !t.mends() || legal(name, "_-") {
		return name, nil
	}
	mapped := rename(name, "_-")
	if t.names == nil {
		t.names = toolNames{}
	}
	if _, known := t.names[mapped]; known {
		return mapped, nil // said once is enough
	}
	t.names[mapped] = name
	return mapped, t.repair("tool_renamed", at, "The tool's name was sent as "+mapped+" and is restored in the answer.",
		"Use letters, digits, _ and -, at most 64, for names of tools.")
}

// toolUseID maps an id that Bedrock would refuse. The same id always maps to the
// same one, so that calls and results still belong together.
func (t *translation) toolUseID(id, at string) (string, error) {
	if !t.mends() || legal(id, "_.:-") {
		return id, nil
	}
	mapped := rename(id, "_.:-")
	return mapped, t.repair("tool_use_id_renamed", at, "The id was sent as "+mapped+".",
		"Use letters, digits, _, -, . and :, at most 64, for ids of tool calls.")
}

func legal(name, marks string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		if !legalByte(name[i], marks) {
			return false
		}
	}
	return true
}

func legalByte(c byte, marks string) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(marks, c) >= 0
}

// rename makes a legal name of any text. It ends in a hash of the whole text, so
// that different texts give different names, whatever else is in the request.
func rename(name, marks string) string {
	const hashed = 8
	sum := sha256.Sum256([]byte(name))
	var clean []byte
	for i := 0; i < len(name) && len(clean) < maxName-1-hashed; i++ {
		if legalByte(name[i], marks) {
			clean = append(clean, name[i])
		} else if n := len(clean); n == 0 || clean[n-1] != '_' {
			clean = append(clean, '_')
		}
	}
	return string(clean) + "_" + hex.EncodeToString(sum[:hashed/2])
}
