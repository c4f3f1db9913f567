package anthropic

import (
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func FuzzDecode(f *testing.F) { dialecttest.FuzzDecode(f, newDialect) }

func FuzzEncodeReply(f *testing.F) {
	dialecttest.FuzzEncodeReply(f, func() translator.Encoder {
		return &call{model: "m", names: converse.Names{Tools: map[string]string{"a": "b"}}}
	}, facts)
}

func FuzzStream(f *testing.F) {
	dialecttest.FuzzStream(f, dialecttest.Stream{
		NewEncoder: func() translator.Encoder { return &call{model: "m"} },
		Factor:     400,
		Fixed:      5000,
		Data: func(ev string) (string, bool) {
			head, data, ok := strings.Cut(ev, "\ndata: ")
			name, named := strings.CutPrefix(head, "event: ")
			return data, ok && named && rawjson.IsText(rawjson.Members([]byte(data)).Get("type"), name)
		},
	})
}
