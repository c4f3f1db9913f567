package translator

import "strings"

// maxModelID is the service's limit on modelId, in bytes.
const maxModelID = 2048

// ValidModelID reports whether id can be a modelId of Converse: an id or an ARN with the
// characters and the length of ConversationalModelId in the service model (botocore
// 1.43.11). It becomes part of a URL's path: none of its segments is empty, "." or "..",
// and only an ARN has several.
func ValidModelID(id string) bool {
	if len(id) > maxModelID || strings.Contains(id, "/") && !strings.HasPrefix(id, "arn:") {
		return false
	}
	for segment := range strings.SplitSeq(id, "/") {
		if strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return strings.IndexFunc(id, notInModelID) < 0
}

func notInModelID(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.:/", c)
}
