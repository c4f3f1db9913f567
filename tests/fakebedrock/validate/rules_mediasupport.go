package validate

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// claudeMedia: Claude has no video, and no images in S3.
func claudeMedia(r *request) string {
	if !r.model.claude() {
		return ""
	}
	for _, m := range r.Messages {
		for _, b := range flat(m.Content) {
			switch {
			case b.Video != nil:
				return "This model doesn't support the video content block that you provided. Update the content block and try again."
			case b.Image != nil && b.Image.Source.InS3():
				return "This model doesn't support the s3Uri field. Remove s3Uri and try again."
			}
		}
	}
	return ""
}

// resultMedia: Nova 2 has neither PDF documents nor videos in tool results, GPT-5.6 has
// no images there.
func resultMedia(r *request) string {
	nova, gpt := r.model.is("amazon.nova-2"), r.model.is("openai.gpt-5.6")
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if b.ToolResult == nil {
				continue
			}
			for _, c := range b.ToolResult.Content {
				switch {
				case gpt && c.Image != nil:
					return "This model doesn't support the image field for user messages."
				case nova && (c.Video != nil || c.Document != nil && c.Document.Format == "pdf"):
					return fmt.Sprintf("Malformed input request: #/messages/%d/content/%d: extraneous key [toolResult] is not permitted, please reformat your input and try again.", i, j)
				}
			}
		}
	}
	return ""
}

// novaContext is the context window of Nova 2 in tokens.
const novaContext = 1_000_000

// tooLong: the input must fit the context window. Only Nova 2 has a limit here.
func tooLong(r *request) string {
	if !r.model.is("amazon.nova-2") || r.CountInput() <= novaContext {
		return ""
	}
	return returned("Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.")
}

// imageType: an image must have the format that it claims. In a stream this error
// comes after the status.
func imageType(r *request) string {
	for _, m := range r.Messages {
		for _, b := range flat(m.Content) {
			if b.Image == nil || b.Image.Source.Bytes == nil {
				continue
			}
			if got, want := detect(*b.Image.Source.Bytes), "image/"+b.Image.Format; got != want {
				return returned("The detected file MIME type %s does not match the expected type %s. Reformat your input and try again.", got, want)
			}
		}
	}
	return ""
}

// detect returns the MIME type of base64-encoded bytes.
func detect(encoded string) string {
	const sniffed = 512 // bytes that decide the type
	head := encoded[:min(len(encoded), base64.StdEncoding.EncodedLen(sniffed))]
	decoded, _ := base64.StdEncoding.DecodeString(head) // checked before
	found, _, _ := strings.Cut(http.DetectContentType(decoded), ";")
	return found
}

// flat returns the blocks of a turn with those in its tool results.
func flat(blocks []converse.Block) []converse.Block {
	list := blocks
	for _, b := range blocks {
		if b.ToolResult != nil {
			list = append(slices.Clip(list), b.ToolResult.Content...)
		}
	}
	return list
}
