package responses

import (
	"net/http"
	"strings"
	"testing"

	"bedrock-extproc/translator"
)

// TestNothingIsStored: clients that look for an earlier response read why there is none,
// and an error keeps a hint of its own.
func TestNothingIsStored(t *testing.T) {
	unknown := translator.ErrUnknownPath("/v1/responses/resp_1")
	answer := new(Dialect).EncodeError(unknown)
	if answer.Status != http.StatusNotFound || !strings.Contains(string(answer.Body), notStored) {
		t.Errorf("status %d: %s", answer.Status, answer.Body)
	}
	if unknown.Hint != "" {
		t.Error("the error was changed")
	}
	other := new(Dialect).EncodeError(translator.NewError(translator.KindThrottled, "Slow down."))
	if other.Status != http.StatusTooManyRequests || strings.Contains(string(other.Body), notStored) {
		t.Errorf("status %d: %s", other.Status, other.Body)
	}
}

// TestSealed: what was sealed comes back byte for byte, and nothing else is taken for it.
func TestSealed(t *testing.T) {
	const content = `{"reasoningText":{"text":"caf\u00e9 \ud83d\ude00 \\n","signature":"c2ln"},"new":1.0}`
	back, ok := unseal(seal([]byte(content)))
	if !ok || string(back) != content {
		t.Errorf("%t: %s", ok, back)
	}
	for name, given := range map[string]string{
		"another provider's": `"gAAAAABo"`, "not base64": `"bedrock:1:{}"`, "not a string": `7`, "absent": "",
		"another version": `"YmVkcm9jazoyOnt9"`, "not an object": `"YmVkcm9jazoxOls3XQ=="`, "not JSON": `"YmVkcm9jazoxOns="`, "empty": `""`,
	} {
		if back, ok := unseal([]byte(given)); ok {
			t.Errorf("%s: %s", name, back)
		}
	}
}
