package worktest

import (
	"bedrock-extproc/translator"
)

// Models have different rules.
var Models = []string{"us.anthropic.claude-sonnet-4-20250514-v1:0", "mistral.mistral-large-2402-v1:0"}

// Requests returns what makes a shape of a text: base with that text as its body, which
// each dialect decodes for each of Models. A refusal is as good, if it comes in linear time.
func Requests(base translator.Request, dialects ...translator.Dialect) func(text func(n int) string) Shape {
	return func(text func(n int) string) Shape {
		return func(n int) func() {
			req := base
			req.Body = []byte(text(n))
			return func() {
				for _, d := range dialects {
					for _, req.DefaultModel = range Models {
						decode(d, req)
					}
				}
			}
		}
	}
}

func decode(d translator.Dialect, req translator.Request) {
	call, err := d.Decode(req)
	if err != nil {
		d.EncodeError(translator.AsError(err))
		return
	}
	call.Encoder.NewStream(translator.Facts{}).AppendEnd(nil) // with the warnings
}
