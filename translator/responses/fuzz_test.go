package responses

import (
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
)

func FuzzDecode(f *testing.F) { dialecttest.FuzzDecode(f, newDialect) }

func FuzzEncodeReply(f *testing.F) {
	dialecttest.FuzzEncodeReply(f, func() translator.Encoder {
		return testCall()
	}, facts)
}

func FuzzStream(f *testing.F) {
	dialecttest.FuzzStream(f, dialecttest.Stream{
		NewEncoder: func() translator.Encoder { return testCall() },
		Factor:     1000,
		Fixed:      8000,
		Data: func(ev string) (string, bool) {
			name, data, ok := strings.Cut(ev, "\ndata: ")
			return data, ok && strings.HasPrefix(name, "event: response.")
		},
	})
}
