package translator

import "strings"

// MaxModelName is the service's limit on modelId, in bytes. Longer names match no pattern of
// Aliases.
const MaxModelName = 2048

// ValidModelID reports whether id can be a modelId of Converse: an id or an ARN with the
// characters and the length of ConversationalModelId in the service model (botocore
// 1.43.11). It becomes part of a URL's path: none of its segments is empty, "." or "..",
// and only an ARN has several. Printable ASCII without a slash may follow after "#":
// tests/fakebedrock reads settings there, and Bedrock itself refuses it.
func ValidModelID(id string) bool {
	if len(id) > MaxModelName || strings.Contains(id, "/") && !strings.HasPrefix(id, "arn:") {
		return false
	}
	id, settings, _ := strings.Cut(id, "#")
	for segment := range strings.SplitSeq(id, "/") {
		if strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return strings.IndexFunc(id, notInModelID) < 0 && strings.IndexFunc(settings, notInSettings) < 0
}

func notInModelID(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.:/", c)
}

func notInSettings(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`/\?`, c) }
