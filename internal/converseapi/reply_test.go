package converseapi

import (
	"io"
	"net/http"
	"testing"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestRepliesThatAreNone(t *testing.T) {
	bedrocktest.Isolate(t)
	for name, reply := range map[string]string{
		"a page": "<html></html>", "a list": "[]", "null": "null", "a cut object": `{"output":{`, "a brace": "{",
	} {
		t.Run(name, func(t *testing.T) {
			url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, reply) })
			_, facts, err := converse(t, newTestClient(t, url, nil), translator.Caller{})
			check(t, facts, err, failure{500, translator.KindBadAnswer, false, 0, ""})
		})
	}
	t.Run("nothing", func(t *testing.T) {
		url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, " \n") })
		_, facts, err := converse(t, newTestClient(t, url, nil), translator.Caller{})
		check(t, facts, err, failure{500, translator.KindBadAnswer, false, 0, ""})
	})
	t.Run("cut", func(t *testing.T) {
		url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"output":`)
		})
		_, facts, err := converse(t, newTestClient(t, url, nil), translator.Caller{})
		check(t, facts, err, failure{500, translator.KindTruncated, false, 0, ""})
	})
	t.Run("too large", func(t *testing.T) {
		url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000")
			_, _ = io.WriteString(w, `{"output":`)
		})
		_, facts, err := converse(t, newTestClient(t, url, nil), translator.Caller{})
		check(t, facts, err, failure{500, translator.KindAnswerTooLarge, false, 0, ""})
	})
}
