package answer

import (
	"fmt"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// describeAttachments describes media and documents; "" if there are none.
func describeAttachments(blocks []converse.Block) string {
	var seen []string
	for _, b := range blocks {
		switch {
		case b.Image != nil:
			seen = append(seen, fmt.Sprintf("an image (%s, %d bytes)", b.Image.Format, b.Image.Source.Size()))
		case b.Document != nil:
			seen = append(seen, fmt.Sprintf("the document %q (%d bytes)", b.Document.Name, b.Document.Source.Size()))
		case b.Video != nil:
			seen = append(seen, fmt.Sprintf("a video (%s, %d bytes)", b.Video.Format, b.Video.Source.Size()))
		case b.Audio != nil:
			seen = append(seen, fmt.Sprintf("a sound (%s, %d bytes)", b.Audio.Format, b.Audio.Source.Size()))
		}
	}
	if len(seen) == 0 {
		return ""
	}
	return "I have received " + strings.Join(seen, ", ") + ", but I cannot look inside."
}
